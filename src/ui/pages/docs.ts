import './docs.css'

/** Swagger UI's own bundle, which is not a module. Its types are those of the options used here. */
declare const SwaggerUIBundle: (options: {
  url: string
  dom_id: string
  deepLinking: boolean
  docExpansion: 'list'
  defaultModelsExpandDepth: number
  displayRequestDuration: boolean
  filter: boolean
  persistAuthorization: boolean
  tryItOutEnabled: boolean
  validatorUrl: null
}) => unknown

const dark = matchMedia('(prefers-color-scheme: dark)')
const followScheme = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', followScheme)
followScheme()

SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  // The page does not keep a token, because the token would stay there after its reader has forgotten it.
  persistAuthorization: false,
  tryItOutEnabled: true,
  // The document is not sent to anybody to be validated.
  validatorUrl: null,
})
