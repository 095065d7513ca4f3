/** `${stageVariables.x}` filled in; a missing variable is empty, any other `${x}` is left alone (D, C). */
export function fillStageVariables(text: string, stageVariables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{stageVariables\.([A-Za-z0-9_]+)\}/g, (_, name: string) =>
    Object.hasOwn(stageVariables, name) ? (stageVariables[name] ?? "") : "",
  );
}
