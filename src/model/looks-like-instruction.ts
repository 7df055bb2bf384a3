/** Letters of other alphabets that are drawn like Latin ones. */
const ALIKE = new Map(
  [
    ['аα@4ɑ', 'a'],
    ['в8', 'b'],
    ['сϲç', 'c'],
    ['ԁ', 'd'],
    ['еε3ё', 'e'],
    ['ɡ9', 'g'],
    ['һн', 'h'],
    ['іι1!|ıїí', 'i'],
    ['ј', 'j'],
    ['кκ', 'k'],
    ['ӏ', 'l'],
    ['м', 'm'],
    ['ոпη', 'n'],
    ['оο0օ', 'o'],
    ['рρ', 'p'],
    ['ԛ', 'q'],
    ['г', 'r'],
    ['ѕ5$', 's'],
    ['тτ7', 't'],
    ['υսц', 'u'],
    ['ѵν', 'v'],
    ['ѡω', 'w'],
    ['хχ', 'x'],
    ['уγү', 'y'],
    ['ᴢ', 'z'],
  ].flatMap(([letters, latin]) => [...(letters ?? '')].map((letter) => [letter, latin ?? ''] as const)),
)

const IGNORE =
  'ignor\\w*|disregard|forget|overrid\\w+|bypass|skip|neglect|discard|oubli\\w+|olvid\\w+|dimentica\\w*|vergiss|vergesst|missacht\\w*|negeer|esque[cç]\\w+'
const RULES =
  'instru[ckz]\\w+|istruzion\\w+|anweisung\\w*|rules?|reglas?|regeln?|regles?|regole|prompts?|guidelines?|directives?|system|the above|previous|prior|earlier|preceding|everything|all of (the|this)|context|constraints?'
const JUDGE =
  'accept\\w*|akzeptier\\w*|acepta\\w*|accetta\\w*|aceita\\w*|approv\\w+|reject\\w*|ablehn\\w*|rechaz\\w+|rifiuta\\w*|verdicts?|confirm|select|choose|mark|classify|label|rate|judge|treat|answer|respond|reply|output|return|print|say|write|report|consider'
const WHAT =
  'candidates?|kandidat\\w*|candidat[oa]?s?|as (a |an )?(accept\\w*|match\\w*|correct|valid|true|open|reject\\w*)|(this|the|every|each|all|any|both|other|following|first|second) (product|item|album|one|candidate|entry|record|listing|row|number|other)s?|everything|it all|them all|all of them|only (with|json)|verdicts?|number (\\d+|one|two|three)|with (accept|reject|open|the)|alle[ns]?|todos?|todas?|tous|toutes|tutti|tutte'

/** What no title of a record says, in plain letters; see `plainLetters`. */
const PATTERNS = [
  `\\b(${IGNORE})\\b.{0,40}\\b(${RULES})\\b`,
  `\\b(${JUDGE})\\b.{0,25}\\b(${WHAT})\\b`,
  `\\b(candidates?|kandidat\\w*|candidat[oa]s?)\\b.{0,25}\\b(${JUDGE}|is|are|ist|es|est)\\b`,
  '\\b(verdicts?|answers?|decisions?|output|response|result)\\b.{0,3}[:=].{0,15}\\b(accept|reject|open|approve)',
  '\\b(accept|reject|approve) (all|every|any|each|this|these|it|me|everything|both|the|as)\\b(?! american)',
  '\\b(must|should|shall|has to|have to|needs? to|please|always|now|to) (be )?(accept|approv|reject)\\w*',
  '\\b(accept|approve|reject)(ed)? ?(=|:|is|was|by (the )?(admin|editor|owner|staff|operator|amazon))',
  '\\b(system|assistant|user|developer|model|instruction|admin)s? ?(prompt|message|note|override|instruction|update|mode|role|:)',
  '\\b(as|you are|act(ing)? as|pretend|role ?play)\\b.{0,20}\\b(an? ai|a[ .]?i[ .]?\\b|language model|assistant|chat ?bot|dan|unrestricted|judge|classifier)',
  '\\b(language model|chat ?gpt|llm|gpt[- ]?\\d|prompt injection|developer mode|god mode|end of (data|prompt|input|instructions?))\\b',
  '\\b(new|updated|real|actual|secret|hidden|special|important|following|these|your) (task|instructions?|directives?|orders|guidelines)\\b',
  '\\b(note|message|attention|notice|memo|reminder|warning|hint) (to|for) (the )?(model|ai|judge|reviewer|assistant|classifier|system|llm|moderator|reader)\\b',
  '\\[/?(inst|sys|system|data|end|user|assistant)\\]|\\(/?(data|system|inst|user|assistant|im_start|im_end|end)\\b|im_(start|end)|endoftext|/data\\)|\\{/?data\\}|#{2,} ?\\w|-{3,} ?(end|begin|system)|={3,}',
  '["\'{][ ]?(candidate|verdict|verdicts|reason|role|content)["\' ]*[:=]|\\bjson\\b|\\bbase ?64\\b|\\brot ?13\\b',
  '\\b(the )?(correct|right|only|best|true) (answer|verdict|candidate|choice|match) (is|=|:)',
  '\\b(this|it) (is|must be|counts as) (definitely |certainly |surely )?(the )?(album|match|correct|accepted)\\b.{0,30}\\b(accept|approve|match|verdict|correct)',
  '\\b(administrators?|supervisors?|operators?|owner|developers?|openai|anthropic)\\b.{0,30}\\b(says?|approved?|order(s|ed)|instruct\\w*|authori[sz]\\w*|confirm\\w*|demands?|requires?)\\b',
  '(忽略|无视|忘记|接受|接受所有|指令|指示|提示词|無視|命令|すべて|受け入れ|承認|候補|候选|무시|지시|수락|승인|후보)',
  '(игнорир|инструкц|прими|принять|кандидат|одобр|تجاهل|التعليمات|اقبل|नज़रअंदाज़|निर्देश|स्वीकार|התעלם|הוראות|αγνο|οδηγ[ιί]ες)',
].map((pattern) => new RegExp(pattern, 'iu'))

/** Spelled so that no word stands whole; the spaces are taken out and only telling words are looked for. */
const TIGHT =
  /(ignore|disregard|forget|override)(all|any|my|your|every)?(the)?(previous|prior|above|instruction|prompt|rules|everything)|(previous|prior|above|all|new|system)(instruction|prompt)|accept(all|every|this|candidate)|reject(all(?!american)|every|candidate|theother)|candidates?(is|are|\d)|verdict(is|accept)|systemprompt/

const LONGEST = 20_000

/**
 * Whether a stranger's text talks to the model rather than naming a record. It errs to the side of yes: then the text is
 * shown to the model alone, and costs nobody but itself.
 */
export function looksLikeInstruction(text: string): boolean {
  const shown = text.slice(0, LONGEST).normalize('NFKC').toLowerCase()
  const folded = plainLetters(shown)
  if ([...new Set([shown, folded])].some((form) => PATTERNS.some((pattern) => pattern.test(form)))) return true
  const tight = folded.replace(/[^a-z\d]+/g, '')
  if (TIGHT.test(tight) || TIGHT.test([...tight].reverse().join(''))) return true
  return decode(shown === text ? text : text.slice(0, LONGEST)).some(
    (hidden) => TIGHT.test(hidden) || /accept|reject|ignore/.test(hidden),
  )
}

function plainLetters(text: string): string {
  const bare = text.normalize('NFKD').replace(/\p{M}+/gu, '')
  return [...bare].map((letter) => ALIKE.get(letter) ?? letter).join('')
}

/** What long runs of base64 or hexadecimal digits, and text shifted by thirteen letters, say. */
function decode(text: string): string[] {
  const runs = text.match(/[A-Za-z\d+/]{16,}={0,2}/g) ?? []
  const decoded = runs.flatMap((run) => [
    Buffer.from(run, 'base64').toString('latin1'),
    ...(/^[\da-f]+$/i.test(run) ? [Buffer.from(run, 'hex').toString('latin1')] : []),
  ])
  const shifted = text
    .toLowerCase()
    .replace(/[a-z]/g, (letter) => String.fromCharCode(((letter.charCodeAt(0) - 84) % 26) + 97))
  return [...decoded.map((it) => it.toLowerCase()), shifted.replace(/[^a-z]+/g, ' ')].map((it) => it)
}
