import { posix } from 'node:path'

/** A place that a stranger cannot follow, or that does not fit the page. */
export interface Finding {
  line: number
  problem: string
}

/** Widest line of a comment, in columns. */
const COMMENT_COLUMNS = 120

/** Numbers and papers that only their author could look up. */
const ABSENT_PAPERS: readonly RegExp[] = [
  /\b(?:decision|issue|incident|task)s? \d+/i,
  /\b(?:platform|assurance|product|api)\.md\b/,
  /(?<![\w/.-])architecture\.md\b/,
  /[(,] ?[ABFMOPRSU]\d{1,2}(?:, [ABFMOPRSU]\d{1,2})*[),.]/,
]
const OWN_PAGE = /docs\/architecture\.md|\]\((?:\.\.?\/)*architecture\.md/g

const DOCUMENT = /(?<![\w/-])docs\/[\w./-]+\.(?:md|png)\b/g
const LINK = /\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g
const COMMENT = /^\s*(?:\/\/|\/\*|\*)/

/**
 * References in a file to what is not in the project, and comments wider than the page. `files` are all paths of the
 * project.
 */
export function findDanglingReferences(path: string, text: string, files: ReadonlySet<string>): Finding[] {
  const isCode = path.endsWith('.ts')
  return text.split('\n').flatMap((content, index) => {
    const at = (problem: string): Finding => ({ line: index + 1, problem })
    const cited = content.match(DOCUMENT) ?? []
    const linked = isCode ? [] : [...content.matchAll(LINK)].map(([, target = '']) => resolve(path, target))
    const missing = [...cited, ...linked].filter((target) => !files.has(target))
    const papers = ABSENT_PAPERS.flatMap((paper) => paper.exec(content.replaceAll(OWN_PAGE, ''))?.[0] ?? [])
    return [
      ...missing.map((target) => at(`there is no ${target}`)),
      ...papers.map((words) => at(`"${words}" is not in the project`)),
      ...(isCode && COMMENT.test(content) && content.length > COMMENT_COLUMNS
        ? [at(`a comment of ${content.length} columns`)]
        : []),
    ]
  })
}

const resolve = (path: string, target: string) =>
  posix.normalize(posix.join(posix.dirname(path), target)).replace(/\/$/, '')
