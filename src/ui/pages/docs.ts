/** Swagger UI's own bundle, which is not a module; its types are those of the options used here. */
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
  // A token kept by a page of documentation would outlive its reader's attention.
  persistAuthorization: false,
  tryItOutEnabled: true,
  // No document is sent to anyone to be validated.
  validatorUrl: null,
})
