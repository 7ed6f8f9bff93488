/** Where the Worker of the tests is reached. */
export const ORIGIN = 'http://localhost:8787'
