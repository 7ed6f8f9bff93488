import { useState } from 'preact/hooks'
import type { Answer } from '../../client/index.ts'
import { client } from '../parts/client.ts'
import { nameCountry } from '../parts/country.ts'
import { Action, Problem, Success, useWork } from '../parts/form.tsx'
import { Loaded, useLoad } from '../parts/load.tsx'
import type { User } from '../parts/session.ts'
import { sayAgo, sayDay } from '../parts/time.ts'
import { text } from '../texts/account/index.ts'
import { focusSection, Section } from './section.tsx'

type Device = Answer<'GET /auth/sessions'>['items'][number]

interface DevicesProps {
  user: User
  /** It changes when something else on the page has ended sessions. */
  round: number
}

/** The sessions of the account, as the devices that they are on. */
export function Devices({ user: { mfa }, round }: DevicesProps) {
  const list = useLoad(readDevices, [round, mfa.totp, mfa.passkeys])
  const [ended, setEnded] = useState('')
  const ending = useWork()
  const endingOthers = useWork()
  const end = async ({ id, device }: Device) => {
    endingOthers.reset()
    await client.request('DELETE /auth/sessions/{id}', { path: { id } })
    setEnded(nameOf(device))
    await list.again()
    focusSection('devices')
  }
  const endOthers = async () => {
    ending.reset()
    await client.request('DELETE /auth/sessions')
    await list.again()
    focusSection('devices')
  }
  return (
    <Section id="devices" title={text('devices')} lead={text('devices.lead')}>
      <Problem trouble={ending.trouble ?? endingOthers.trouble} />
      <Success work={ending}>{text('devices.ended', { name: ended })}</Success>
      <Success work={endingOthers}>{text('devices.others.ended')}</Success>
      <Loaded load={list} lines={2}>
        {(devices) => (
          <>
            <ul class="rows">
              {devices.map((device) => (
                <li key={device.id} class="row">
                  <Description device={device} />
                  {!device.current && (
                    <div class="buttons">
                      <Action
                        work={ending}
                        label={text('devices.end.which', { name: nameOf(device.device) })}
                        onPress={() => end(device)}
                      >
                        {text('devices.end')}
                      </Action>
                    </div>
                  )}
                </li>
              ))}
            </ul>
            {devices.length > 1 && (
              <Action class="secondary" work={endingOthers} onPress={endOthers}>
                {text('devices.others')}
              </Action>
            )}
          </>
        )}
      </Loaded>
    </Section>
  )
}

function Description({ device: { current, device, location, createdAt, lastSeenAt } }: { device: Device }) {
  const facts = [
    ...(location === null ? [] : [placeOf(location)]),
    text('devices.seen', { ago: sayAgo(lastSeenAt) }),
    text('devices.since', { day: sayDay(createdAt) }),
  ]
  return (
    <div>
      <strong title={device.userAgent ?? undefined}>{nameOf(device)}</strong>{' '}
      {current && <span class="state on">{text('devices.current')}</span>}
      <p class="hint">{facts.join(' · ')}</p>
      {device.rememberedUntil !== null && (
        <p class="hint">{text('devices.remembered', { day: sayDay(device.rememberedUntil) })}</p>
      )}
    </div>
  )
}

/** Reads all sessions, the one of this page first. One page of the list holds as many as an account may have. */
async function readDevices(signal: AbortSignal): Promise<readonly Device[]> {
  const { items } = await client.request('GET /auth/sessions', { query: { limit: 100 }, signal })
  return [...items].sort((one, other) => Number(other.current) - Number(one.current))
}

const nameOf = ({ name }: Device['device']) => name || text('devices.unknown')

function placeOf({ country, city }: NonNullable<Device['location']>): string {
  return city === null ? nameCountry(country) : `${city}, ${nameCountry(country)}`
}
