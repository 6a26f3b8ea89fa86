/** How well a server is, whatever the engine calls it. `unknown`: only others know. */
type StateKind = 'good' | 'joining' | 'off' | 'unknown';

interface KnownState {
  readonly kind: StateKind;
  readonly en: string;
}

/** States as servers say them, in Portuguese: of each engine, and of the replicas below it. */
const STATES: Readonly<Record<string, KnownState>> = {
  atendendo: { kind: 'good', en: 'serving' },
  'em dia': { kind: 'good', en: 'up to date' },
  entrando: { kind: 'joining', en: 'joining' },
  saindo: { kind: 'joining', en: 'leaving' },
  'recebendo o que falta': { kind: 'joining', en: 'receiving what it lacks' },
  'sem contato': { kind: 'off', en: 'no contact' },
  'sem maioria': { kind: 'off', en: 'no majority' },
  'sem resposta': { kind: 'off', en: 'no answer' },
  'só o líder sabe': { kind: 'unknown', en: 'only the leader knows' },
};

const ROLES: Readonly<Record<string, string>> = { líder: 'leader', seguidor: 'follower' };

/** A state without the role that a leader system adds to it in brackets. */
function partsOf(state: string): readonly [name: string, role: string | undefined] {
  const [, name = state, role] = /^(.*) \((líder|seguidor)\)$/.exec(state) ?? [];
  return [name, role];
}

/** A state that is not known is one on the way. */
export function stateKind(state: string): StateKind {
  return STATES[partsOf(state)[0]]?.kind ?? 'joining';
}

/** The same in English; unknown ones stay as they are. */
export function englishState(state: string): string {
  const [name, role] = partsOf(state);
  const end = role === undefined ? '' : ` (${ROLES[role] ?? role})`;
  return `${STATES[name]?.en ?? name}${end}`;
}
