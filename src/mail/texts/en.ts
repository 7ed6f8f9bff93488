import type { MailTexts } from './mail-texts.ts'

const OWNER = (product: string): string =>
  `You are receiving this e-mail because this address belongs to a ${product} account.`

const texts = {
  linkHint: 'If the button does not work, open this address in your browser:',
  codeHint: 'Or enter this code on the same page, for example on another device:',
  codeLabel: 'Your code:',
  deviceWords: { on: 'on', 'Unknown device': 'Unknown device', 'Unknown program': 'Unknown program' },
  labels: {
    signIn: 'Signs in with',
    dropped: 'Removed',
    kept: 'Goes on to work',
    time: 'Time',
    device: 'Device',
    location: 'Location',
  },
  factors: {
    totp: 'authenticator app',
    passkey: 'passkey',
    recovery_code: 'recovery codes',
    recovery_codes: 'recovery codes',
    email: 'code by e-mail',
  },
  mails: {
    verify_email: ({ product, duration, signIn }) => ({
      subject: `Confirm your e-mail address for ${product}`,
      heading: 'Confirm your e-mail address',
      paragraphs: [
        signIn === ''
          ? `Welcome to ${product}. One step is left: confirm that this address is yours, and that it was you who signed up.`
          : `Someone used this address to sign in to ${product} with the account below. Confirm only if it is yours: from then on it opens your ${product} account.`,
      ],
      action: 'Confirm address',
      closing: [
        `The link and the code work once, for ${duration}.`,
        signIn === ''
          ? 'If you did not sign up, ignore this e-mail: whoever did chose a password, and cannot use the account without your confirmation.'
          : 'If that was not you, ignore this e-mail: nobody can use the account without your confirmation.',
      ],
      reason: `You are receiving this e-mail because someone signed up for ${product} with this address.`,
    }),
    already_registered: ({ product, duration, isUnconfirmed }) => ({
      subject: `You already have a ${product} account`,
      heading: 'You already have an account',
      paragraphs: isUnconfirmed
        ? [
            `Someone, probably you, wanted to use this address for a ${product} account. It was used to sign up before, and nobody confirmed that.`,
            'So that nobody else gets into your account, no password works any more, neither the earlier nor the new one, nor any other way to sign in. Set a password here, and the account is yours.',
          ]
        : [
            `Someone, probably you, wanted to use this address for a ${product} account. It already has one, so nothing was created or changed.`,
            'Sign in as usual. If you no longer know your password, you can set a new one.',
          ],
      action: 'Set a new password',
      closing: [
        ...(duration === '' ? [] : [`The link and the code work once, for ${duration}.`]),
        'If this was not you, there is nothing to do: nobody got into your account.',
      ],
      reason: OWNER(product),
    }),
    account_created: ({ product }) => ({
      subject: `Your ${product} account was created`,
      heading: 'Your account was created',
      paragraphs: [
        `Someone, probably you, signed in to ${product} with the account below, and that created a ${product} account with your address.`,
      ],
      action: 'Check my account',
      closing: [
        'If this was you, there is nothing to do.',
        'If this was not you, set a password with “Forgot password” on the sign-in page. That signs everybody out and removes ways to sign in that nobody proved to be yours.',
      ],
      reason: OWNER(product),
    }),
    account_claimed: ({ product }) => ({
      subject: `Your ${product} account was confirmed`,
      heading: 'Your account was confirmed',
      paragraphs: [
        `Someone, probably you, signed in to ${product} with the account below, which confirmed your address.`,
        'Whatever opened the account before may have been set up by someone else, so it was removed: the password, if there was one, and other ways to sign in. All other devices were signed out.',
      ],
      action: 'Check my account',
      closing: [
        'If this was you, there is nothing to do. What you still need can be added again in your account settings.',
        'If this was not you, set a password with “Forgot password” on the sign-in page. That signs everybody out and removes ways to sign in that nobody proved to be yours.',
      ],
      reason: OWNER(product),
    }),
    reset_password: ({ product, duration }) => ({
      subject: `Set a new password for ${product}`,
      heading: 'Set a new password',
      paragraphs: [`We were asked to reset the password of your ${product} account. Choose a new one here.`],
      action: 'Choose a new password',
      closing: [
        `The link and the code work once, for ${duration}. Setting a new password signs you out on all devices.`,
        'If this was not you, ignore this e-mail: your password stays as it is.',
      ],
      reason: OWNER(product),
    }),
    password_changed: ({ product, dropped, kept }) => ({
      subject: `Your ${product} password was changed`,
      heading: 'Your password was changed',
      paragraphs: [
        `The password of your ${product} account has just been changed, and your other devices were signed out.`,
        ...(dropped === ''
          ? []
          : [
              'Ways to sign in that nobody had proven to be yours were removed. If one of them is yours, add it again in your account settings.',
            ]),
        ...(kept === ''
          ? []
          : ['Other ways to sign in go on to work. Remove in your account settings what is not yours.']),
      ],
      action: 'Check my account',
      closing: [
        'If this was you, there is nothing to do.',
        'If this was not you, set a new password at once with “Forgot password” on the sign-in page, and look through your sessions and second factors.',
      ],
      reason: OWNER(product),
    }),
    confirm_email_change: ({ product, duration }) => ({
      subject: `Confirm your new e-mail address for ${product}`,
      heading: 'Confirm your new e-mail address',
      paragraphs: [`You asked to use this address for your ${product} account. It changes as soon as you confirm.`],
      action: 'Confirm new address',
      closing: [
        `The link and the code work once, for ${duration}.`,
        'If this was not you, ignore this e-mail: nothing changes without your confirmation.',
      ],
      reason: `You are receiving this e-mail because someone entered this address as the new address of a ${product} account.`,
    }),
    email_changed: ({ product, email }) => ({
      subject: `Your ${product} e-mail address was changed`,
      heading: 'Your e-mail address was changed',
      paragraphs: [
        `Your ${product} account now uses ${email || 'another address'}. From now on, sign in with that address. This is the last e-mail we send to this one.`,
      ],
      action: null,
      closing: [
        'If this was you, there is nothing to do.',
        `If this was not you, someone else may have access to your account: contact the ${product} team at once.`,
      ],
      reason: `You are receiving this e-mail because this address belonged to a ${product} account until now.`,
    }),
    one_time_code: ({ product, duration }) => ({
      subject: `Your one-time code for ${product}`,
      heading: 'Your one-time code',
      paragraphs: [`Enter this code where ${product} asks you for it.`],
      action: null,
      closing: [
        `The code works once, for ${duration}. Give it to nobody: we never ask for it by phone, chat or e-mail.`,
        'If you did not ask for it, someone may know your password: set a new one soon.',
      ],
      reason: OWNER(product),
    }),
    new_device: ({ product }) => ({
      subject: `New sign-in to your ${product} account`,
      heading: 'New sign-in to your account',
      paragraphs: [`Someone signed in to your ${product} account from a device we have not seen before.`],
      action: 'Check my account',
      closing: [
        'If this was you, there is nothing to do.',
        'If this was not you, set a new password at once, which signs that device out, and look through your second factors.',
      ],
      reason: OWNER(product),
    }),
    factor_added: ({ product, factor }) => ({
      subject: `A sign-in method was added to your ${product} account`,
      heading: 'A sign-in method was added',
      paragraphs: [`From now on, your ${product} account can be used with this method: ${factor}.`],
      action: 'Check my account',
      closing: [
        'If this was you, there is nothing to do.',
        'If this was not you, remove it in your account settings and set a new password at once.',
      ],
      reason: OWNER(product),
    }),
    factor_removed: ({ product, factor }) => ({
      subject: `A sign-in method was removed from your ${product} account`,
      heading: 'A sign-in method was removed',
      paragraphs: [`Your ${product} account can no longer be used with this method: ${factor}.`],
      action: 'Check my account',
      closing: [
        'If this was you, there is nothing to do.',
        'If this was not you, set a new password at once and add the method again in your account settings.',
      ],
      reason: OWNER(product),
    }),
    passkey_copied: ({ product, factor }) => ({
      subject: `Check a passkey of your ${product} account`,
      heading: 'A passkey may have been copied',
      paragraphs: [
        `Someone signed in to your ${product} account with your passkey “${factor}”. The passkey counts its uses, and this count went back, so somebody may have a copy of it.`,
      ],
      action: 'Check my account',
      closing: [
        'If you have restored this passkey from a backup, there is nothing to do.',
        'If you have not, remove it in your account settings, and register a new one.',
      ],
      reason: OWNER(product),
    }),
    recovery_code_used: ({ product, left }) => ({
      subject: `A recovery code of your ${product} account was used`,
      heading: 'A recovery code was used',
      paragraphs: [
        `Someone, probably you, proved to be the owner of your ${product} account with one of its recovery codes. That code works no more.`,
        left === '0'
          ? 'No recovery code is left. Make new ones in your account settings.'
          : `Recovery codes that are left: ${left}.`,
      ],
      action: 'Check my account',
      closing: [
        'If this was you, there is nothing else to do.',
        'If this was not you, someone knows your password and your recovery codes: set a new password at once with “Forgot password” on the sign-in page, then make new recovery codes.',
      ],
      reason: OWNER(product),
    }),
    role_granted: ({ product }) => ({
      subject: `You are now an administrator of ${product}`,
      heading: 'You are now an administrator',
      paragraphs: [
        `Your ${product} account is now an administrator: its operator named your address as the first one, and you have proven that it is yours.`,
      ],
      action: 'Check my account',
      closing: [
        'If this was you, there is nothing to do.',
        'If this was not you, set a new password at once with “Forgot password” on the sign-in page, and tell the operator.',
      ],
      reason: OWNER(product),
    }),
    account_deactivated: ({ product }) => ({
      subject: `Your ${product} account was deactivated`,
      heading: 'Your account was deactivated',
      paragraphs: [
        `Your ${product} account has been deactivated. You were signed out on all devices and cannot sign in for now.`,
      ],
      action: null,
      closing: [`If you think this is a mistake, contact the ${product} team.`],
      reason: OWNER(product),
    }),
    account_deleted: ({ product }) => ({
      subject: `Your ${product} account was deleted`,
      heading: 'Your account was deleted',
      paragraphs: [
        `Your ${product} account and the data that belonged to it have been deleted. This cannot be undone. You were signed out on all devices.`,
      ],
      action: null,
      closing: [`If this was not you, contact the ${product} team at once.`],
      reason: `This is the last e-mail you receive from us: this address belonged to a ${product} account until now.`,
    }),
  },
} satisfies MailTexts

/** The English texts, to which every other language falls back. Their mails define the kinds that there are. */
export const en: MailTexts<keyof typeof texts.mails> = texts
