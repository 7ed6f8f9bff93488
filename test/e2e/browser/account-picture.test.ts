import { describe, expect, it } from 'vitest'
import { type AccountPage, openAccount } from '../support/account-page.ts'
import { findBarriers } from '../support/axe.ts'
import { browser, service, useServiceAndBrowser } from '../support/service-and-browser.ts'

useServiceAndBrowser()

/** Draws a picture that is red on its left half and blue on its right one, twice as wide as high. */
const drawPicture = ({ page }: AccountPage): Promise<number[]> =>
  page.evaluate(async () => {
    const canvas = new OffscreenCanvas(800, 400)
    const context = canvas.getContext('2d')
    for (const [x, color] of ['#ff0000', '#0000ff'].entries()) {
      if (context === null) throw new Error('no canvas')
      context.fillStyle = color
      context.fillRect(x * 400, 0, 400, 400)
    }
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())]
  })

/** Reads how wide a picture of the page is, and the colours at its left and its right edge. */
const lookAt = (page: AccountPage['page']) =>
  page.locator('.picture img').evaluate(async (image: HTMLImageElement) => {
    await image.decode()
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight)
    const context = canvas.getContext('2d')
    context?.drawImage(image, 0, 0)
    const colorAt = (x: number) => {
      const [red = 0, , blue = 0] = context?.getImageData(x, 256, 1, 1).data ?? []
      return red > blue ? 'red' : 'blue'
    }
    return [image.naturalWidth, image.naturalHeight, colorAt(5), colorAt(506)]
  })

const choose = ({ page }: AccountPage, content: readonly number[]) =>
  page
    .locator('input[type=file]')
    .setInputFiles({ name: 'picture.png', mimeType: 'image/png', buffer: Buffer.from(content) })

describe('the picture', () => {
  it('is cropped by the sliders or by dragging, shown everywhere at once, and removed', async () => {
    const account = await openAccount(browser, service, { bypassCSP: true })
    const { page, press, hear, faults } = account
    const picture = await drawPicture(account)
    await choose(account, picture)
    await page.getByRole('dialog', { name: 'Choose what is shown' }).waitFor()
    expect(await findBarriers(page)).toEqual([])
    await press('Use this picture')
    await hear('Your picture is saved.')
    expect(await lookAt(page)).toEqual([512, 512, 'red', 'blue'])
    await expect.poll(() => page.locator('.account-top img').count()).toBe(1)

    await choose(account, picture)
    await page.getByLabel('Left and right').press('Home')
    await press('Use this picture')
    await expect.poll(() => lookAt(page)).toEqual([512, 512, 'red', 'red'])

    await choose(account, picture)
    const canvas = await page.locator('canvas').boundingBox()
    if (canvas === null) throw new Error('no canvas')
    await page.mouse.move(canvas.x + canvas.width / 2, canvas.y + canvas.height / 2)
    await page.mouse.down()
    await page.mouse.move(canvas.x - canvas.width, canvas.y + canvas.height / 2, { steps: 10 })
    await page.mouse.up()
    await press('Use this picture')
    await expect.poll(() => lookAt(page)).toEqual([512, 512, 'blue', 'blue'])

    await press('Remove picture')
    await hear('Your picture is removed.')
    expect(await page.locator('.picture img').count()).toBe(0)
    expect(faults).toEqual([])
  })

  it('is refused where the file is none, and left as it was where the person closes the dialog', async () => {
    const account = await openAccount(browser, service)
    const { page, faults } = account
    await choose(account, [1, 2, 3])
    await page.getByRole('alert').getByText('Your browser cannot read this file as a picture.').waitFor()
    await choose(account, await drawPicture(account))
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    expect(await page.getByRole('dialog').count()).toBe(0)
    expect(await page.locator('.picture img').count()).toBe(0)
    expect(faults).toEqual([])
  })
})
