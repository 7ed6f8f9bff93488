export const en = {
  'verify.title': 'Confirm your e‑mail address',
  'verify.intro': 'One more step: confirm that this address is yours.',
  'verify.submit': 'Confirm address',
  'verify.done.title': 'Your address is confirmed',
  'verify.done.text': 'You can close this page and sign in.',

  'reset.title': 'Choose a new password',
  'reset.intro': 'Everyone who is signed in to your account, you included, will be signed out.',
  'reset.submit': 'Set new password',
  'reset.done.title': 'Your password is changed',
  'reset.done.text': 'You can close this page and sign in with the new password.',

  'change.title': 'Confirm your new e‑mail address',
  'change.intro': 'From then on you sign in with this address, and our mails go there.',
  'change.submit': 'Confirm new address',
  'change.done.title': 'Your new address is confirmed',
  'change.done.text': 'You can close this page. Your old address was told about the change.',
  'change.email': 'New e‑mail address',

  'notMe.title': 'Was this not you?',
  'notMe.intro':
    'Everyone who is signed in to your account is signed out. Your address becomes what it was before, what was added since is removed, and removed second factors come back.',
  'notMe.hint':
    'Then no password works until you choose a new one: we send you a link for that. If several e‑mails told you of something that you did not do, use the earliest one.',
  'notMe.submit': 'This was not me',
  'notMe.done.title': 'Your account is as it was before',
  'notMe.done.text':
    'Everyone is signed out. Open the e‑mail that we have just sent to you, and choose a new password.',

  'keep.title': 'Keep your second factors',
  'keep.intro':
    'Somebody asked for the removal of your authenticator app, your passkeys and your recovery codes. If you still have them, keep them.',
  'keep.submit': 'Keep my second factors',
  'keep.done.title': 'Your second factors stay',
  'keep.done.text':
    'You can close this page. If you did not ask for the removal, choose a new password: somebody may know the old one.',

  'invited.title': 'Become an administrator',
  'invited.intro':
    'The operator of this service invites you. Choose the password of your account; everyone who is signed in to it will be signed out.',
  'invited.submit': 'Set password and accept',
  'invited.done.title': 'You are an administrator',
  'invited.done.text': 'You can close this page and sign in with the new password.',

  'code.intro': 'Type your address and the code from our mail.',
  'code.hint': 'Eight digits',
  'code.invalid': 'The code has eight digits.',
  'code.use': 'Use the code from the mail instead',
  'code.resend': 'Send me a new mail',
  'code.resent': 'If an account is waiting for it, a new mail is on its way. It can take a minute.',

  'problem.link':
    'This link no longer works: it was used already, or it is too old. You can use the code or ask for a new mail.',
  'problem.link.final':
    'This link no longer works: it was used already, or it is too old. You can try the code, or start the change again.',
  'problem.link.alone':
    'This link does not work, or no longer: it was used before, a newer e‑mail replaced it, or it is too old. If you need help, contact whoever runs this service.',
  'problem.code': 'This code does not fit the address, was used already, or is too old.',
} as const
