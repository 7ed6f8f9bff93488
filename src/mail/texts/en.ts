import type { MailTexts } from './mail-texts.ts'

const OWNER = (product: string): string =>
  `You are receiving this e-mail because this address belongs to a ${product} account.`

/** What to do about a notice, which has a link to undo what it tells of unless `duration` is empty. */
const IF_NOT_YOU = (duration: string, otherwise: string): string[] => [
  'If this was you, there is nothing to do.',
  ...(duration === ''
    ? [otherwise]
    : [
        `If this was not you, press the button within ${duration}. That signs everybody out, undoes what was changed since then, and gets you a link to set a new password.`,
        'If several such e-mails reached you, use the earliest one about something that you did not do: it undoes all that came after it, too.',
      ]),
]
const CHECK_OR_UNDO = (duration: string): string => (duration === '' ? 'Check my account' : 'This was not me')

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
    account_claimed: ({ product, duration }) => ({
      subject: `Your ${product} account was confirmed`,
      heading: 'Your account was confirmed',
      paragraphs: [
        `Someone, probably you, signed in to ${product} with the account below, which confirmed your address.`,
        'Whatever opened the account before may have been set up by someone else, so it was removed: the password, if there was one, and other ways to sign in. All other devices were signed out. What you still need can be added again in your account settings.',
      ],
      action: CHECK_OR_UNDO(duration),
      closing: IF_NOT_YOU(
        duration,
        'If this was not you, set a password with “Forgot password” on the sign-in page. That signs everybody out and removes ways to sign in that nobody proved to be yours.',
      ),
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
    password_changed: ({ product, dropped, kept, duration }) => ({
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
      action: CHECK_OR_UNDO(duration),
      closing: IF_NOT_YOU(
        duration,
        'If this was not you, set a new password at once with “Forgot password” on the sign-in page, and look through your sessions and second factors.',
      ),
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
    email_changed: ({ product, email, duration }) => ({
      subject: `Your ${product} e-mail address was changed`,
      heading: 'Your e-mail address was changed',
      paragraphs: [
        `Your ${product} account now uses ${email || 'another address'}. From now on, sign in with that address. This is the last e-mail we send to this one.`,
      ],
      action: duration === '' ? null : 'This was not me',
      closing: IF_NOT_YOU(
        duration,
        `If this was not you, someone else may have access to your account: contact the ${product} team at once.`,
      ),
      reason: `You are receiving this e-mail because this address belonged to a ${product} account until now.`,
    }),
    new_email_in_use: ({ product }) => ({
      subject: `Your new e-mail address for ${product}`,
      heading: 'Your new address is in use',
      paragraphs: [
        `Your ${product} account now uses this address. From now on, sign in with it. Your former address was told, too, and can take the account back for some days.`,
      ],
      action: 'Check my account',
      closing: [
        'If this was you, there is nothing to do.',
        `If this was not you, contact the ${product} team: someone else has confirmed this address.`,
      ],
      reason: OWNER(product),
    }),
    address_reserved: ({ product }) => ({
      subject: `This address cannot be used for ${product} yet`,
      heading: 'This address cannot be used yet',
      paragraphs: [
        `Someone, probably you, wanted to use this address for a ${product} account. It belonged to another account until a few days ago, and the owner of that account can still take it back. So nothing was created or changed.`,
      ],
      action: null,
      closing: [
        'If this was you, try again in a few days. If the other account is yours and you did not change its address, use the link in the e-mail that told you about the change.',
        'If this was not you, there is nothing to do.',
      ],
      reason: `You are receiving this e-mail because someone entered this address for a ${product} account.`,
    }),
    account_reverted: ({ product, duration }) => ({
      subject: `Changes to your ${product} account were undone`,
      heading: 'Changes to your account were undone',
      paragraphs: [
        `Someone, probably you, told us by the link in an earlier e-mail that a change of your ${product} account was not yours. Everybody was signed out, the account uses this address, and what was added since then was removed.`,
        'No password works until you choose a new one here. After that, look through your account settings, and set up again what is missing.',
      ],
      action: 'Choose a new password',
      closing: [
        `The link and the code work once, for ${duration}. You can ask for a new one with “Forgot password” on the sign-in page.`,
        'If this was not you, someone else reads your e-mail: choose a new password for your mailbox first, and then one here.',
      ],
      reason: OWNER(product),
    }),
    address_reverted: ({ product }) => ({
      subject: `This address no longer belongs to a ${product} account`,
      heading: 'A change of address was undone',
      paragraphs: [
        `A ${product} account used this address for a while. Whoever has its former address told us that this was not their doing, so the account uses the former address again. Everybody was signed out.`,
      ],
      action: null,
      closing: [
        'If you never used this account, there is nothing to do.',
        `If the account is yours, and so is the former address, sign in with that one. If it is not, contact the ${product} team.`,
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
    factor_added: ({ product, factor, duration }) => ({
      subject: `A sign-in method was added to your ${product} account`,
      heading: 'A sign-in method was added',
      paragraphs: [`From now on, your ${product} account can be used with this method: ${factor}.`],
      action: CHECK_OR_UNDO(duration),
      closing: IF_NOT_YOU(
        duration,
        'If this was not you, remove it in your account settings and set a new password at once.',
      ),
      reason: OWNER(product),
    }),
    factor_removed: ({ product, factor, duration }) => ({
      subject: `A sign-in method was removed from your ${product} account`,
      heading: 'A sign-in method was removed',
      paragraphs: [`Your ${product} account can no longer be used with this method: ${factor}.`],
      action: CHECK_OR_UNDO(duration),
      closing: IF_NOT_YOU(
        duration,
        'If this was not you, set a new password at once and add the method again in your account settings.',
      ),
      reason: OWNER(product),
    }),
    factor_removal_requested: ({ product, duration }) => ({
      subject: `Your second factors for ${product} will be removed`,
      heading: 'Your second factors will be removed',
      paragraphs: [
        `Someone, probably you, told the ${product} team that your authenticator app, passkeys and recovery codes are lost. In ${duration} they will be removed, and your password or your provider alone will open the account.`,
      ],
      action: 'Keep my second factors',
      closing: [
        'If this was you, there is nothing to do but wait.',
        'If this was not you, press the button, or sign in with a second factor: either stops the removal. Someone may know your password, so set a new one.',
      ],
      reason: OWNER(product),
    }),
    factors_removed: ({ product, duration }) => ({
      subject: `Your second factors for ${product} were removed`,
      heading: 'Your second factors were removed',
      paragraphs: [
        `The authenticator app, the passkeys and the recovery codes of your ${product} account were removed, as we told you some days ago. All devices were signed out. Sign in with your password or your provider, and set up a second factor again.`,
      ],
      action: CHECK_OR_UNDO(duration),
      closing: IF_NOT_YOU(duration, `If this was not you, contact the ${product} team at once.`),
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
        `Your ${product} account is now an administrator: its operator named your address, and it was confirmed.`,
      ],
      action: 'Check my account',
      closing: [
        'If this was you, there is nothing to do.',
        'If this was not you, set a new password at once with “Forgot password” on the sign-in page, and tell the operator.',
      ],
      reason: OWNER(product),
    }),
    roles_changed: ({ product, roles }) => ({
      subject: `Your ${product} roles were changed`,
      heading: 'Your roles were changed',
      paragraphs: [`An administrator of ${product} changed what your account may do. Your roles are now: ${roles}.`],
      action: 'Check my account',
      closing: ['If this surprises you, contact the administrator.'],
      reason: OWNER(product),
    }),
    profile_changed: ({ product }) => ({
      subject: `Your ${product} profile was changed`,
      heading: 'Your profile was changed',
      paragraphs: [`An administrator of ${product} changed the name or the username of your account.`],
      action: 'Check my account',
      closing: ['If this surprises you, contact the administrator.'],
      reason: OWNER(product),
    }),
    signed_out: ({ product }) => ({
      subject: `You were signed out of ${product}`,
      heading: 'You were signed out everywhere',
      paragraphs: [`An administrator of ${product} signed you out on all devices. You can sign in again.`],
      action: 'Check my account',
      closing: ['If this surprises you, contact the administrator.'],
      reason: OWNER(product),
    }),
    password_reset_required: ({ product, duration }) => ({
      subject: `Your ${product} password has to be set anew`,
      heading: 'Set a new password',
      paragraphs: [
        `An administrator of ${product} asks you to set a new password. The one that you had signs nobody in any more, and you were signed out on all devices.`,
      ],
      action: 'Choose a new password',
      closing: [
        `The link and the code work once, for ${duration}. Later you get another link with “Forgot password” on the sign-in page.`,
      ],
      reason: OWNER(product),
    }),
    account_reactivated: ({ product }) => ({
      subject: `Your ${product} account is active again`,
      heading: 'Your account is active again',
      paragraphs: [`Your ${product} account was deactivated, and is active again. You can sign in as before.`],
      action: 'Check my account',
      closing: [`If this surprises you, contact the ${product} team.`],
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
    deletion_scheduled: ({ product, duration }) => ({
      subject: `Your ${product} account will be deleted`,
      heading: 'Your account will be deleted',
      paragraphs: [
        `Someone, probably you, deleted your ${product} account. In ${duration} it will be gone, with the data that belongs to it. You were signed out on all devices.`,
      ],
      action: 'Keep my account',
      closing: [
        'If this was you, there is nothing to do. If you change your mind, sign in before then: that keeps the account.',
        'If this was not you, set a new password with “Forgot password” on the sign-in page, and then sign in.',
      ],
      reason: OWNER(product),
    }),
    deletion_stopped: ({ product }) => ({
      subject: `Your ${product} account will not be deleted`,
      heading: 'Your account will not be deleted',
      paragraphs: [
        `Someone, probably you, signed in to your ${product} account, which was to be deleted. So it is kept.`,
      ],
      action: 'Check my account',
      closing: [
        'If this was you, there is nothing to do. If you want to delete the account after all, delete it again.',
        'If this was not you, set a new password at once with “Forgot password” on the sign-in page.',
      ],
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
