import { toKey } from './artist-names.ts'

/** A leader, then bands and names under which others list his records, and he theirs. Only those who made them, not who once sang there. */
const LEADERS = `Paul McCartney: Wings
Bob Marley: The Wailers
John Lennon: Plastic Ono Band, The Plastic Ono Band
Jimi Hendrix: Band of Gypsys
Frank Zappa: The Mothers of Invention, The Mothers
Captain Beefheart: The Magic Band
George Clinton: Parliament, Funkadelic, P-Funk All Stars
Gary Numan: Tubeway Army
John Fogerty: Creedence Clearwater Revival, The Blue Ridge Rangers
Eric Clapton: Derek and the Dominos
Peter Green: Fleetwood Mac
John Mayall: Bluesbreakers, The Bluesbreakers
Ritchie Blackmore: Rainbow, Blackmore's Night
Neil Young: Crazy Horse
Elvis Costello: The Attractions, The Imposters
Tom Petty: The Heartbreakers, Mudcrutch
Bruce Springsteen: The E Street Band
Iggy Pop: The Stooges, Iggy and the Stooges
Lou Reed: Metal Machine Trio
Prince: The Revolution, The New Power Generation, NPG, Madhouse
Van Morrison: Them
Jeff Lynne: Electric Light Orchestra, ELO, Jeff Lynne's ELO
Manfred Mann: Manfred Mann's Earth Band, Manfred Mann Chapter Three
Ian Dury: The Blockheads
Joe Strummer: The Mescaleros
Nick Cave: The Bad Seeds, Grinderman
Damon Albarn: Gorillaz, The Good the Bad and the Queen
Julian Cope: The Teardrop Explodes
Matt Johnson: The The
Karl Wallinger: World Party
Mike Scott: The Waterboys
John Lydon: Public Image Ltd, PiL
Trent Reznor: Nine Inch Nails
Billy Corgan: The Smashing Pumpkins, Zwan
Bob Mould: Sugar
Robert Pollard: Guided by Voices
Conor Oberst: Bright Eyes
Sam Beam: Iron & Wine
Justin Vernon: Bon Iver
Mark Oliver Everett: Eels, E
Kevin Parker: Tame Impala
Steven Wilson: Porcupine Tree
Devin Townsend: Strapping Young Lad, Ziltoid
Claudio Simonetti: Goblin
Klaus Schulze: Richard Wahnfried
Aphex Twin: AFX, Polygon Window, Richard D. James
Four Tet: Kieran Hebden
Dan Snaith: Caribou, Daphni, Manitoba
MF Doom: Viktor Vaughn, King Geedorah, Madvillain
Madlib: Quasimoto, Madvillain, Yesterdays New Quintet
Kool Keith: Dr. Octagon, Dr. Dooom
Art Blakey: The Jazz Messengers
John McLaughlin: Mahavishnu Orchestra
Chick Corea: Return to Forever
Jaco Pastorius: Word of Mouth
Sun Ra: Arkestra, The Arkestra
Herb Alpert: Tijuana Brass, The Tijuana Brass
Sergio Mendes: Brasil '66, Brasil 66, Brasil '77
James Brown: The J.B.'s, The Famous Flames
Sly Stone: Sly & The Family Stone
Diana Ross: The Supremes
Smokey Robinson: The Miracles
Gladys Knight: The Pips
Curtis Mayfield: The Impressions
Frankie Valli: The Four Seasons
Buddy Holly: The Crickets
Bill Haley: The Comets
Janis Joplin: Big Brother & The Holding Company, Full Tilt Boogie Band
Joan Jett: The Blackhearts, The Runaways
Fela Kuti: Africa 70, Egypt 80
Youssou N'Dour: Étoile de Dakar, Super Étoile de Dakar
Ry Cooder: Buena Vista Social Club
Yoshiki: X Japan`
  .split('\n')
  .map((line) => {
    const [leader = '', bands = ''] = line.split(': ')
    return { leader: toKey(leader), bands: bands.split(', ').map(toKey) }
  })
const BANDS = new Map(LEADERS.map(({ leader, bands }) => [leader, bands]))

/** Whether one is the other's leader, by their keys: "The Wailers" and "Bob Marley". Equal titles of both may be one record. */
export function isLeaderOf(one: string, other: string): boolean {
  return BANDS.get(one)?.includes(other) === true || BANDS.get(other)?.includes(one) === true
}
