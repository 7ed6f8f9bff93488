/** Vite adds these for tests: a file of the project as text, and the files of a folder. */
declare module '*?raw' {
  const text: string
  export default text
}

interface ImportMeta {
  glob(pattern: string, options?: { query?: '?raw'; import?: string }): Record<string, () => Promise<unknown>>
}
