/** Why a file cannot be read, and the next move: to stand behind "cannot read FILE". */
export function readTrouble(error: unknown): string {
  return trouble(error, {
    ENOENT: "There is no such file: check the path.",
    ENOTDIR: "A part of the path is no folder: check it.",
    EISDIR: "It is a folder: name a file in it.",
    EACCES: "You may not read it: change its permissions, or name another.",
    EPERM: "You may not read it: change its permissions, or name another.",
  });
}

/** Why a file cannot be written, and the next move: to stand behind "cannot write FILE". */
export function writeTrouble(error: unknown): string {
  return trouble(error, {
    ENOENT: "Its folder does not exist: make it, or name another.",
    ENOTDIR: "A part of the path is no folder: check it.",
    EISDIR: "It is a folder: name a file in it.",
    EACCES: "You may not write there: change the permissions, or name another place.",
    EPERM: "You may not write there: change the permissions, or name another place.",
    EROFS: "Nothing can be written there: name another place.",
  });
}

function trouble(error: unknown, advice: Readonly<Record<string, string>>): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return `(${code}). ${Object.hasOwn(advice, code) ? advice[code] : "Check the path."}`;
}
