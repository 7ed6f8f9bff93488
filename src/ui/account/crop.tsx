import { useEffect, useRef, useState } from 'preact/hooks'
import { Dialog } from '../parts/dialog.tsx'
import { text } from '../texts/account/index.ts'
import { common } from '../texts/common/index.ts'

/** The side of the picture that is kept, in pixels. */
const SIDE = 512
const MAX_ZOOM = 4
const JPEG_QUALITY = 0.9

/** Which square of a picture is shown. */
interface Part {
  /** 1 shows as much as fits into the square. */
  zoom: number
  /** The place of the square between both ends of the picture, from 0 to 1. */
  x: number
  y: number
}

const clamp = (value: number) => Math.min(1, Math.max(0, value))

/** How large the picture is on the canvas, and how far it reaches beyond it. */
function measure({ width, height }: ImageBitmap, zoom: number) {
  const scale = (SIDE / Math.min(width, height)) * zoom
  const drawn = { width: width * scale, height: height * scale }
  return { ...drawn, overX: drawn.width - SIDE, overY: drawn.height - SIDE }
}

function draw(canvas: HTMLCanvasElement, image: ImageBitmap, { zoom, x, y }: Part): void {
  const context = canvas.getContext('2d')
  if (context === null) return
  const { width, height, overX, overY } = measure(image, zoom)
  // A JPEG has no transparency: what shines through would become black.
  context.fillStyle = '#ffffff'
  context.fillRect(0, 0, SIDE, SIDE)
  context.imageSmoothingQuality = 'high'
  context.drawImage(image, -x * overX, -y * overY, width, height)
}

interface CropProps {
  image: ImageBitmap
  /** Gets the picture, or null where the person wants none. */
  onDone(picture: Blob | null): void
}

/** Asks which square of a picture is shown. Dragging is for pointers; the sliders are for everybody. */
export function Crop({ image, onDone }: CropProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [part, setPart] = useState<Part>({ zoom: 1, x: 0.5, y: 0.5 })
  useEffect(() => {
    if (canvas.current !== null) draw(canvas.current, image, part)
  }, [image, part])

  const drag = (event: PointerEvent) => {
    if (canvas.current === null || event.buttons === 0) return
    const pixels = SIDE / canvas.current.clientWidth
    const { overX, overY } = measure(image, part.zoom)
    const shift = (at: number, moved: number, over: number) => (over === 0 ? at : clamp(at - (moved * pixels) / over))
    setPart({ ...part, x: shift(part.x, event.movementX, overX), y: shift(part.y, event.movementY, overY) })
  }
  const submit = () => canvas.current?.toBlob(onDone, 'image/jpeg', JPEG_QUALITY)
  return (
    <Dialog title={text('crop.title')} onClose={() => onDone(null)}>
      <p class="lead">{text('crop.lead')}</p>
      <canvas
        ref={canvas}
        class="crop"
        width={SIDE}
        height={SIDE}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={drag}
      />
      <div class="sliders">
        {(['zoom', 'x', 'y'] as const).map((name) => (
          <label key={name}>
            {text(`crop.${name}`)}
            <input
              type="range"
              min={name === 'zoom' ? 1 : 0}
              max={name === 'zoom' ? MAX_ZOOM : 1}
              step="0.01"
              value={part[name]}
              onInput={(event) => setPart({ ...part, [name]: event.currentTarget.valueAsNumber })}
            />
          </label>
        ))}
      </div>
      <button class="primary" type="button" onClick={submit}>
        {text('crop.submit')}
      </button>
      <button class="quiet" type="button" onClick={() => onDone(null)}>
        {common('cancel')}
      </button>
    </Dialog>
  )
}
