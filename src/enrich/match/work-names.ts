import { numbersOf } from './fold-numbers.ts'
import { haveOneKey } from './read-keys.ts'
import { remember } from './remember.ts'

/** What works are called in the languages of composers and shops: German, Italian, French, English; in title words. */
const WORKS = `four seasons|vier jahreszeiten|quattro stagioni|quatre saisons|4 seasons|4 jahreszeiten
swan lake|schwanensee|lac des cygnes
nutcracker|nussknacker|casse noisette
sleeping beauty|dornroschen|belle au bois dormant
magic flute|zauberflote|flute enchantee|flauto magico
marriage of figaro|nozze di figaro|hochzeit des figaro|figaros hochzeit|noces de figaro
abduction from seraglio|entfuhrung aus dem serail|enlevement au serail
barber of seville|barbiere di siviglia|barbier von sevilla|barbier de seville
rite of spring|sacre du printemps|fruhlingsopfer
firebird|feuervogel|oiseau de feu
pictures at an exhibition|pictures at exhibition|bilder einer ausstellung|tableaux dune exposition
peter and wolf|peter wolf|peter und der wolf|pierre et le loup
carnival of animals|karneval der tiere|carnaval des animaux
art of fugue|kunst der fuge|art de la fugue
well tempered clavier|wohltemperierte klavier|clavier bien tempere
musical offering|musikalisches opfer|offrande musicale
christmas oratorio|weihnachtsoratorium|weihnachts oratorium|oratorio de noel
st john passion|johannespassion|johannes passion|passion selon saint jean
st matthew passion|matthauspassion|matthaus passion|passion selon saint matthieu
creation|schopfung
german requiem|deutsches requiem
flying dutchman|fliegende hollander|vaisseau fantome
twilight of gods|gotterdammerung|crepuscule des dieux
song of earth|lied von der erde|chant de la terre
merry widow|lustige witwe|veuve joyeuse
new world|neuen welt|neue welt|nouveau monde
unfinished|unvollendete|inachevee
moonlight|mondschein|clair de lune
midsummer nights dream|sommernachtstraum|songe dune nuit dete
winter journey|winterreise|voyage dhiver
bartered bride|verkaufte braut|fiancee vendue
symphon|sinfon
piano concerto|klavierkonzert|concerto pour piano
violin concerto|violinkonzert|concerto pour violon
cello concerto|cellokonzert|concerto pour violoncelle
piano sonata|klaviersonate|sonate pour piano
violin sonata|violinsonate|sonate pour violon
string quartet|streichquartett|quatuor a cordes|quatuors a cordes
string quintet|streichquintett|quintette a cordes
clarinet quintet|klarinettenquintett|quintette avec clarinette|quintette pour clarinette
cello sonata|cellosonate|sonate pour violoncelle|sonates pour violoncelle
orchestral song|orchesterlied
last song|letzte lied|derniers lieder
vespers of blessed virgin|vespers 1610|vespro della beata vergine|marienvesper|vepres de la vierge
impromptu|improvisation
messiah|messias|messie
piano trio|klaviertrio
piano quintet|klavierquintett
etudes|etuden
cello suite|cello suiten|cellosuite|suites for solo cello|suites for cello|suiten fur violoncello|suites pour violoncelle
new years concert|new years day concert|neujahrskonzert|concert du nouvel an|concerto di capodanno|concierto de ano nuevo
new years eve concert|silvesterkonzert|concert de la st sylvestre
summer night concert|sommernachtskonzert|concert de nuit dete
christmas song|christmas carol|weihnachtslied|chants de noel|villancico
folk song|volkslied|chants populaires
also sprach zarathustra|thus spake zarathustra|thus spoke zarathustra|ainsi parlait zarathoustra
songs on death of children|kindertotenlied
poets love|dichterliebe|amours du poete
years of pilgrimage|annees de pelerinage|pilgerjahre
summer nights|nuits dete|sommernachte
swan song|schwanengesang|chant du cygne
heros life|heldenleben|vie de heros
youths magic horn|knaben wunderhorn
death and transfiguration|death transfiguration|tod und verklarung
transfigured night|verklarte nacht|nuit transfiguree
afternoon of a faun|apres midi dun faune
romeo and juliet|romeo juliet|romeo et juliette|romeo und julia
cinderella|cendrillon|aschenbrodel|cenerentola
tales of hoffmann|hoffmanns erzahlungen|contes dhoffmann
force of destiny|macht des schicksals|forza del destino
gypsy baron|zigeunerbaron
house of dead|totenhaus|maison des morts
cunning little vixen|schlaue fuchslein|petite renarde rusee
bluebeards castle|blaubarts burg|chateau de barbe bleue
soldiers tale|geschichte vom soldaten|histoire du soldat
end of time|fin du temps|ende der zeit
songs of auvergne|chants dauvergne
great mass|grosse messe|grande messe
trout|forellen|quintette la truite
brandenburg concerto|brandenburgische konzert|concertos brandebourgeois|concerts brandebourgeois
mass in b minor|h moll messe|messe in h moll|messe en si mineur
water music|wassermusik
fireworks|feuerwerksmusik
my homeland|my country|ma vlast|mein vaterland
planets|planeten
hungarian dance|ungarische tanze|danses hongroises
slavonic dance|slawische tanze|danses slaves
songs without words|lieder ohne worte
scenes from childhood|kinderszenen
clarinet concerto|klarinettenkonzert
horn concerto|hornkonzert
organ works|orgelwerke
piano works|klavierwerke
cantata|kantate
elixir of love|liebestrank|elisir damore
masked ball|ballo in maschera|maskenball
queen of spades|pique dame
mastersingers|meistersinger
valkyrie|walkure
rhinegold|rheingold`
  .split('\n')
  .map((line) => line.split('|'))

/** Forms of which a composer wrote so many that only the key tells one: "Mass in B minor", "Messe h-moll". */
const KEYED = `mass|messe|messa|missa|misa
sonata|sonate
concert|konzert|conciert
quartet|quatuor|cuartet
quintet|quintuor
fantas
overture|ouvert`
  .split('\n')
  .map((line) => line.split('|'))

const isNamed = (text: string, name: string) => ` ${text}`.includes(` ${name}`)

/** Which of the works a text names, in singular or plural. */
const findWorks = remember((text: string) => WORKS.filter((names) => names.some((name) => isNamed(text, name))))

/** Whether a title names one of them, in title words. */
export const namesWork = (title: string): boolean => findWorks(title).length > 0

/** Whether two titles name one work in two languages: "Schwanensee", "Swan Lake". A number says which of several. */
export function nameSameWork(ours: string, theirs: string): boolean {
  const works = findWorks(theirs)
  if (haveOneKey(ours, theirs) === true && KEYED.some((names) => [ours, theirs].every((title) => hasOne(title, names))))
    return haveOneNumber(ours, theirs)
  return works.length > 0 && findWorks(ours).some((work) => works.includes(work)) && haveOneNumber(ours, theirs)
}

/** Whether they do so by two names, which no other work has: "Neujahrskonzert 1989", "New Year's Concert 1989". */
export function translateWork(ours: string, theirs: string): boolean {
  return findWorks(ours).some((names) => {
    const their = names.find((name) => isNamed(theirs, name))
    return their !== undefined && !isNamed(ours, their) && haveOneNumber(ours, theirs)
  })
}

const hasOne = (title: string, names: readonly string[]) => names.some((name) => isNamed(title, name))

/** And no other key. */
function haveOneNumber(ours: string, theirs: string): boolean {
  if (haveOneKey(ours, theirs) === false) return false
  const left = numbersOf(ours.split(' '))
  const right = numbersOf(theirs.split(' '))
  return left.length === 0 || right.length === 0 || left.some((number) => right.includes(number))
}
