/** A file of the project as text, for tests of what it says. */
declare module '*?raw' {
  const text: string
  export default text
}
