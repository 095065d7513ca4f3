/** The file that runs inside an environment, beside this one: `.ts` in the source tree, `.js` in the build. */
export function hostFile(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./environment-host.ts" : "./environment-host.js", import.meta.url);
}
