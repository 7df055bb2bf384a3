import { toKey } from './artist-names.ts'

/** Whose albums are nearly all of films and musicals, which are made anew under the same title, often with the same music. */
const NAMES = `John Williams, Hans Zimmer, Alan Menken, Danny Elfman, Jerry Goldsmith, Bernard Herrmann, James Horner, Howard Shore,
John Carpenter, Ennio Morricone, Nino Rota, John Barry, Alexandre Desplat, Thomas Newman, Alfred Newman, Randy Edelman,
Alan Silvestri, James Newton Howard, Michael Giacchino, Elmer Bernstein, Max Steiner, Miklos Rozsa, Maurice Jarre,
Dimitri Tiomkin, Franz Waxman, Georges Delerue, Carter Burwell, Clint Mansell, Marco Beltrami, Christopher Young,
Harry Gregson-Williams, John Powell, Patrick Doyle, Rachel Portman, Gabriel Yared, Dario Marianelli, Basil Poledouris,
Brad Fiedel, Brian Tyler, Ramin Djawadi, Trevor Jones, David Arnold, Marc Shaiman, Graeme Revell, Joe Hisaishi, 久石譲,
Akira Ifukube, A. R. Rahman, R. D. Burman, S. D. Burman, Ilaiyaraaja, Andrew Lloyd Webber, Stephen Schwartz, Stephen Sondheim,
Claude-Michel Schönberg, Jerry Herman, Richard Rodgers, Rodgers & Hammerstein, Lerner & Loewe, Kander & Ebb, Sherman Brothers`
const KEYS = new Set(NAMES.split(/,\s+/).map(toKey))

/** @param key see toKey */
export function isFilmComposer(key: string): boolean {
  return KEYS.has(key)
}
