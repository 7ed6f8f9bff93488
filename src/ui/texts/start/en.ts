export const en = {
  'home.title': 'Authentication at the edge',
  'home.lead':
    'This address signs people in for the applications of its owner. Applications talk to it; there is nothing to do here.',
  'home.docs': 'Read the API documentation',
  'home.document': 'OpenAPI document',

  'missing.title': 'There is nothing here',
  'missing.lead': 'The address may be mistyped, or what was here has moved.',
  'missing.home': 'Go to the start',
} as const
