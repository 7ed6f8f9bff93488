import { posix } from 'node:path'

/** A reference that a stranger cannot follow, or a comment that is too wide. */
export interface Finding {
  line: number
  problem: string
}

/** The width that a line of a comment may have, in columns. */
const COMMENT_COLUMNS = 120

/**
 * Matches numbers and papers that only their author could look up: "incident 4", "issue 3, line 1", "decision 2", the
 * id of a feature in brackets ("R2" is Cloudflare's storage), and papers that are not in the project.
 */
const ABSENT_PAPERS: readonly RegExp[] = [
  /\b(?:decision|issue|incident|task)s? #?\d+/i,
  /(?<![\w/-])(?:platform|assurance|product|api|requirements|roadmap)\.md\b/,
  /(?<![\w/.-])architecture\.md\b/,
  /[(,] ?(?!R2\b)[ABFMOPRSU]\d{1,2}(?:, [ABFMOPRSU]\d{1,2})*[),.;]/,
]
const OWN_PAGE = /docs\/architecture\.md|\]\((?:\.\.?\/)*architecture\.md/g

const DOCUMENT = /(?<![\w/-])docs\/[\w./-]+\.(?:md|png)\b/g
/** Matches a path of the project in backticks. */
const QUOTED_PATH = /`((?:src|test|docs|scripts|bench|migrations)\/[^`\s]*)/g
const LINK = /\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g
const COMMENTS = { ts: /^\s*(?:\/\/|\/\*|\*)/, toml: /^\s*#/ } as const

/**
 * Finds references in a file to what is not in the project, and comments that are too wide. `files` are all paths of
 * the project, with those of its folders.
 */
export function findDanglingReferences(path: string, text: string, files: ReadonlySet<string>): Finding[] {
  const isCode = path.endsWith('.ts')
  const comment = isCode ? COMMENTS.ts : path.endsWith('.toml') ? COMMENTS.toml : null
  return text.split('\n').flatMap((content, index) => {
    const at = (problem: string): Finding => ({ line: index + 1, problem })
    const isComment = comment?.test(content) === true
    const cited = content.match(DOCUMENT) ?? []
    const quoted =
      isCode && !isComment ? [] : [...content.matchAll(QUOTED_PATH)].flatMap(([, quote = '']) => toPaths(quote))
    const linked = isCode ? [] : [...content.matchAll(LINK)].map(([, target = '']) => resolve(path, target))
    const missing = new Set([...cited, ...quoted, ...linked].filter((target) => !files.has(target)))
    const papers = ABSENT_PAPERS.flatMap((paper) => paper.exec(content.replaceAll(OWN_PAGE, ''))?.[0] ?? [])
    return [
      ...[...missing].map((target) => at(`there is no ${target}`)),
      ...papers.map((words) => at(`"${words}" is not in the project`)),
      ...(isComment && content.length > COMMENT_COLUMNS ? [at(`a comment of ${content.length} columns`)] : []),
    ]
  })
}

const resolve = (path: string, target: string) =>
  posix.normalize(posix.join(posix.dirname(path), target)).replace(/\/$/, '')

/**
 * Lists the paths that a quotation names: `test/{a,b}.ts` names two, and `test/smtp*.ts` and `src/<noun>.ts` name a
 * folder.
 */
function toPaths(quote: string): string[] {
  const [, start = '', alternatives, end = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(quote) ?? []
  if (alternatives !== undefined) return alternatives.split(',').flatMap((part) => toPaths(start + part + end))
  const [fixed = ''] = quote.split(/[*<]/)
  return [fixed === quote ? quote.replace(/\/$/, '') : fixed.slice(0, fixed.lastIndexOf('/'))]
}
