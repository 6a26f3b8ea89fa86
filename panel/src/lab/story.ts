import type { CallAnswered, CallMade, RecordedEvent } from '../../../src/laboratory/recording.js';
import type { LabAction } from './client.js';
import { repairTalks } from './repairs.js';
import type { Run } from './run.js';

type Words = readonly [pt: string, en: string];

/** One step of the story: what to do, by hand or by a button, and what to see. */
interface StoryStep {
  readonly id: string;
  readonly what: Words;
  /** What it shows; told once it is done. */
  readonly shows: Words;
  /** What does it; absent: it happens by itself. */
  readonly actions?: readonly LabAction[];
  /** The event that did it, after `since`; `undefined`: it was not done yet. */
  readonly done: (run: Run, since: number) => number | undefined;
}

const KEY = 'casa/1';

/** The first event after `since` that is such a one. */
function first(run: Run, since: number, is: (event: RecordedEvent) => boolean): number | undefined {
  for (let n = since + 1; n <= run.lastNumber; n += 1) {
    const event = run.event(n);
    if (event !== undefined && is(event)) return n;
  }
  return undefined;
}

type CallTest = (made: CallMade, answer: CallAnswered) => boolean;

function answered(test: CallTest): StoryStep['done'] {
  return (run, since) =>
    first(run, since, (event) => {
      if (event.kind !== 'answer') return false;
      const made = run.calls.get(event.call)?.made;
      return made !== undefined && test(made, event);
    });
}

function changed(host: string | undefined, change: string): StoryStep['done'] {
  return (run, since) =>
    first(
      run,
      since,
      (event) =>
        event.kind === 'host' && event.change === change && (host === undefined || event.host === host),
    );
}

function agreed(is: 'equal' | 'different'): StoryStep['done'] {
  return (run, since) =>
    run.history.agreements.find((one) => one.n > since && one.is === is)?.n ?? nowAgreed(run, since, is);
}

/** Nothing changes where it was so already. */
function nowAgreed(run: Run, since: number, is: 'equal' | 'different'): number | undefined {
  const last = run.history.agreements.findLast((one) => one.n <= since);
  return last?.is === is && run.lastNumber > since ? run.lastNumber : undefined;
}

function repaired(run: Run, since: number): number | undefined {
  for (const { steps } of repairTalks(run)) {
    const taken = steps.find(
      ({ received }) => received !== undefined && received.n > since && (received.applied ?? 0) > 0,
    );
    if (taken?.received !== undefined) return taken.received.n;
  }
  return undefined;
}

const isWrite: CallTest = ({ operation }, { code }) => operation === 'insert' && code === 'OK';
const isRefused: CallTest = ({ operation }, { code }) => operation === 'insert' && code !== 'OK';

function writes(server: string, client: string, value: string): LabAction {
  return { acao: 'chama', servidor: server, cliente: client, operacao: 'insert', chave: KEY, valor: value };
}

function asks(server: string, client: string, operation: 'query' | 'history'): LabAction {
  return { acao: 'chama', servidor: server, cliente: client, operacao: operation, chave: KEY };
}

const WRITE: Omit<StoryStep, 'shows'> = {
  id: 'write',
  what: ['Escreva casa/1 = azul em n1', 'Write casa/1 = azul at n1'],
  actions: [writes('n1', 'c1', 'azul')],
  done: answered(isWrite),
};
const ISOLATE: Omit<StoryStep, 'shows'> = {
  id: 'isolate',
  what: ['Isole n2', 'Isolate n2'],
  actions: [{ acao: 'isola', servidor: 'n2' }],
  done: changed('n2', 'isolated'),
};
const HEAL: Omit<StoryStep, 'shows'> = {
  id: 'heal',
  what: ['Ligue n2 de volta', 'Connect n2 again'],
  actions: [{ acao: 'liga', servidor: 'n2' }],
  done: changed('n2', 'connected'),
};

const FLEET: readonly StoryStep[] = [
  {
    ...WRITE,
    shows: [
      'n1 respondeu logo, sem perguntar a ninguém. O lote foi publicado depois, e n2 e n3 o aplicaram.',
      'n1 answered at once and asked nobody. The batch was published after that, and n2 and n3 applied it.',
    ],
  },
  {
    ...ISOLATE,
    shows: [
      'n2 não ouve o broker nem fala com ele, e continua a atender.',
      'n2 neither hears the broker nor speaks to it, and goes on serving.',
    ],
  },
  {
    id: 'write-here',
    what: ['Escreva casa/1 = verde em n1', 'Write casa/1 = verde at n1'],
    actions: [writes('n1', 'c1', 'verde')],
    done: answered((made, answer) => isWrite(made, answer) && made.host !== 'n2'),
    shows: ['n3 a recebeu; n2, não.', 'n3 got it; n2 did not.'],
  },
  {
    id: 'write-there',
    what: ['Escreva casa/1 = amarela em n2', 'Write casa/1 = amarela at n2'],
    actions: [writes('n2', 'c2', 'amarela')],
    done: answered((made, answer) => isWrite(made, answer) && made.host === 'n2'),
    shows: [
      'Também n2 respondeu logo: a frota escolhe atender. São duas escritas concorrentes: nenhuma está no passado da outra.',
      'n2, too, answered at once: the fleet chooses to serve. The two writes are concurrent: neither is in the past of the other.',
    ],
  },
  {
    id: 'compare',
    what: ['Leia o histórico nos dois lados', 'Read the history on both sides'],
    actions: [asks('n1', 'c1', 'history'), asks('n2', 'c2', 'history')],
    done: answered((made, { code }) => made.host === 'n2' && made.operation !== 'insert' && code === 'OK'),
    shows: [
      'A mesma versão 2, com dois valores: a faixa de cima diz "diferentes".',
      'The same version 2, with two values: the band above says "different".',
    ],
  },
  {
    ...HEAL,
    shows: [
      'n2 volta ao broker. O que foi publicado enquanto isso não volta: o broker não guarda nada.',
      'n2 is back at the broker. What was published meanwhile does not come back: the broker keeps nothing.',
    ],
  },
  {
    id: 'repair',
    what: ['Veja o reparo, passo a passo', 'Watch the repair, step by step'],
    done: repaired,
    shows: [
      'Pelas presenças, cada um viu que lhe falta algo e pediu só isso, com o seu vetor. A aba "Reparo" numera a conversa.',
      'By the presences each saw that it lacks something, and asked for just that, with its vector. The tab "Repair" numbers the talk.',
    ],
  },
  {
    id: 'equal',
    what: ['Espere até que todos tenham o mesmo', 'Wait until all hold the same'],
    done: agreed('equal'),
    shows: [
      'Três hashes iguais: a mesma letra em cada linha.',
      'Three equal hashes: the same letter on each line.',
    ],
  },
  {
    id: 'winner',
    what: ['Leia o histórico em n3', 'Read the history at n3'],
    actions: [asks('n3', 'c1', 'history')],
    done: answered((made, { lines }) => made.operation === 'history' && lines.length > 1),
    shows: [
      'Nada se perdeu: as duas escritas estão lá, e todos escolhem a mesma.',
      'Nothing was lost: both writes are there, and all choose the same one.',
    ],
  },
];

const CONSENSUS: readonly StoryStep[] = [
  {
    ...WRITE,
    shows: [
      'n1 só respondeu depois que a maioria das réplicas gravou.',
      'n1 answered only after a majority of the replicas had it on disk.',
    ],
  },
  {
    ...ISOLATE,
    shows: [
      'n2 não alcança as réplicas, onde os dados estão.',
      'n2 does not reach the replicas, where the data are.',
    ],
  },
  {
    id: 'write-here',
    what: ['Escreva casa/1 = verde em n1', 'Write casa/1 = verde at n1'],
    actions: [writes('n1', 'c1', 'verde')],
    done: answered((made, answer) => isWrite(made, answer) && made.host !== 'n2'),
    shows: ['Do lado da maioria tudo segue.', 'On the side of the majority all goes on.'],
  },
  {
    id: 'refused',
    what: ['Escreva casa/1 = amarela em n2', 'Write casa/1 = amarela at n2'],
    actions: [writes('n2', 'c2', 'amarela')],
    done: answered((made, answer) => isRefused(made, answer) && made.host === 'n2'),
    shows: [
      'Recusada: escritas do lado da minoria não são aceitas. O consenso escolhe não divergir; a frota escolheu atender.',
      'Refused: writes on the minority side are not accepted. Consensus chooses not to diverge; the fleet chose to serve.',
    ],
  },
  {
    ...HEAL,
    shows: [
      'Não há o que reparar: n2 não tem nada de seu.',
      'There is nothing to repair: n2 holds nothing of its own.',
    ],
  },
  {
    id: 'read',
    what: ['Leia casa/1 em n2', 'Read casa/1 at n2'],
    actions: [asks('n2', 'c2', 'query')],
    done: answered((made, { code }) => made.host === 'n2' && made.operation === 'query' && code === 'OK'),
    shows: [
      'verde, logo na primeira leitura: toda leitura vê toda escrita confirmada.',
      'verde, at the first read: every read sees every confirmed write.',
    ],
  },
];

const LEADER: readonly StoryStep[] = [
  {
    ...WRITE,
    shows: ['O líder respondeu depois que os três a tinham.', 'The leader answered once all three had it.'],
  },
  {
    ...ISOLATE,
    shows: ['O líder não alcança n2.', 'The leader does not reach n2.'],
  },
  {
    id: 'unknown',
    what: ['Escreva casa/1 = verde em n1', 'Write casa/1 = verde at n1'],
    actions: [writes('n1', 'c1', 'verde')],
    done: answered((made, answer) => isRefused(made, answer) && made.host !== 'n2'),
    shows: [
      'Sem confirmação: um servidor não a tem, e o líder nunca diz "gravado" sem todos. O resultado é desconhecido, e ela pode aparecer.',
      'No confirmation: one server lacks it, and the leader never says "written" without all. The outcome is unknown, and it may appear.',
    ],
  },
  {
    id: 'refused',
    what: ['Escreva casa/1 = amarela em n2', 'Write casa/1 = amarela at n2'],
    actions: [writes('n2', 'c2', 'amarela')],
    done: answered((made, answer) => isRefused(made, answer) && made.host === 'n2'),
    shows: [
      'Recusada: sem o líder ninguém escreve. Por isso nada diverge.',
      'Refused: without the leader nobody writes. So nothing diverges.',
    ],
  },
  {
    ...HEAL,
    shows: [
      'O líder cumprimenta n2 (LEADER), que diz até onde tem (LEADER_OK).',
      'The leader greets n2 (LEADER), which says how far it has come (LEADER_OK).',
    ],
  },
  {
    id: 'equal',
    what: ['Espere até que todos tenham o mesmo', 'Wait until all hold the same'],
    done: agreed('equal'),
    shows: [
      'n2 recebeu o que perdeu, na ordem do líder.',
      'n2 got what it missed, in the order of the leader.',
    ],
  },
  {
    id: 'read',
    what: ['Leia casa/1 em n2', 'Read casa/1 at n2'],
    actions: [asks('n2', 'c2', 'query')],
    done: answered((made, { code }) => made.host === 'n2' && made.operation === 'query' && code === 'OK'),
    shows: [
      'A escrita sem confirmação está lá: "desconhecido" não quer dizer "não".',
      'The write without confirmation is there: "unknown" does not mean "no".',
    ],
  },
];

const STORIES = { frota: FLEET, consenso: CONSENSUS, lider: LEADER } as const;

/** Steps with the events that did them; without one: it was not done yet. */
type StoryProgress = readonly { readonly step: StoryStep; readonly n: number | undefined }[];

/** The server that died after one was cut off and before the end: it is not cut off any more, and may have lost what was written. */
export function diedMeanwhile(run: Run, progress: StoryProgress): string | undefined {
  const cut = progress.find(({ step }) => step.id === ISOLATE.id)?.n;
  if (cut === undefined || progress.every(({ n }) => n !== undefined)) return undefined;
  const n = first(
    run,
    cut,
    (event) =>
      event.kind === 'host' &&
      (event.change === 'killed' || event.change === 'ended') &&
      run.host(event.host)?.kind === 'server',
  );
  return n === undefined ? undefined : run.event(n)?.host;
}

/** The steps with the events that did them, in order: a step counts once those before it are done. */
export function storyProgress(run: Run): StoryProgress {
  let since: number | undefined = 0;
  return STORIES[run.header.engine].map((step) => {
    const n: number | undefined = since === undefined ? undefined : step.done(run, since);
    since = n;
    return { step, n };
  });
}
