/** A static `.wasm` import is a compiled module, because workerd forbids `WebAssembly.compile` at run time. */
declare module '*.wasm' {
  const module: WebAssembly.Module
  export default module
}

declare module '*.txt' {
  const text: string
  export default text
}
