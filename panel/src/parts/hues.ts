/** Colours of origins: eight, by the order in which the page meets them, so that a server has one colour everywhere. */
const HUES = 8;

const known = new Map<string, number>();
const KNOWN_MAX = 4096;

/** Gives colours to servers by their names, so that they have the same ones whenever the page is opened. */
export function knowHues(servers: readonly { nome: string; origem: string; endereco: string }[]): void {
  for (const { origem, endereco } of servers.toSorted((a, b) => (a.nome < b.nome ? -1 : 1)))
    hueOf(origem || endereco);
}

/** The number of an origin's colour, from 1. Colour never tells alone: the name stands beside it. */
export function hueOf(origin: string): number {
  let hue = known.get(origin);
  if (hue === undefined) {
    if (known.size >= KNOWN_MAX) known.clear();
    hue = (known.size % HUES) + 1;
    known.set(origin, hue);
  }
  return hue;
}
