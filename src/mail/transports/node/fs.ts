/** Stands in the bundle for an import of it, by `alias` in `wrangler.toml` (docs/decisions/0019-bundle.md). */
export default process.getBuiltinModule('node:fs')
