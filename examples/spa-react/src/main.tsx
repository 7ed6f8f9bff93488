import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'

const element = document.getElementById('app')
if (element === null) throw new Error('#app is missing')
createRoot(element).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
