import type { Exercise, ExerciseText } from './exercise.js';
import { stepsOver } from './exercise.js';
import { FAULT_CAUSES, faultIn } from './faults.js';
import type { FaultCause, PlantedFault } from './faults.js';

interface Facts {
  readonly fault: PlantedFault;
}

/** What a student says: which cause, and the number of the event. */
interface FaultAnswer {
  readonly cause: FaultCause;
  readonly number: number;
}

/** The recordings that come with the exercise, below `docs/laboratorio/defeito`. */
const FAULT_RECORDINGS: readonly string[] = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(
  (name) => `${name}.jsonl`,
);

const step = stepsOver<Facts>();

/** A recording with a fault in it: which, and where does it show? */
export const plantedFault: Exercise = {
  name: 'defeito',
  title: { pt: 'Ache o defeito plantado', en: 'Find the planted bug' },
  engines: ['frota', 'consenso', 'lider'],
  takesAnswer: true,
  plan: (_, given) => {
    const answer = given === undefined ? undefined : parseFaultAnswer(given);
    return {
      steps: [
        step({
          id: 'gravacao',
          text: { pt: 'A gravação tem um defeito plantado', en: 'The recording has a planted bug' },
          hint: {
            pt: 'Use a gravação que kvs corrige defeito --nome "Seu Nome" diz.',
            en: 'Use the recording that kvs corrige defeito --nome "Your Name" tells.',
          },
          gives: 'fault',
          *find(run) {
            const fault = faultIn(run);
            if (fault !== undefined) yield { event: run.events[0] ?? fault.event, facts: { fault } };
          },
        }),
        step({
          id: 'causa',
          text: { pt: 'A causa é a que você disse', en: 'The cause is the one that you named' },
          hint: {
            pt: `Diga a causa e o número do evento: --resposta "CAUSA NUMERO"; causas: ${FAULT_CAUSES.join(', ')}.`,
            en: `Name the cause and the event's number: --resposta "CAUSE NUMBER"; causes: ${FAULT_CAUSES.join(', ')}.`,
          },
          needs: ['fault'],
          *find(run, { fault }) {
            const named = run.events[(answer?.number ?? 0) - 1] ?? run.events[0];
            if (answer?.cause === fault.cause && named !== undefined) yield { event: named };
          },
        }),
        step({
          id: 'passo',
          text: {
            pt: 'E aparece pela primeira vez no evento que você disse',
            en: 'And it shows first at the event that you named',
          },
          hint: {
            pt: 'Procure o primeiro evento (a chamada, a resposta, a mensagem, a queda) em que algo não é como deveria.',
            en: 'Look for the first event (call, answer, message, crash) at which something is not as it should be.',
          },
          needs: ['fault'],
          *find(run, { fault }) {
            const named = run.events[(answer?.number ?? 0) - 1];
            if (named !== undefined && fault.numbers.has(named.n)) yield { event: named };
          },
        }),
      ],
    };
  },
};

/** `relogio 57` or `57, Relógio`; `undefined` if it is neither. */
export function parseFaultAnswer(text: string): FaultAnswer | undefined {
  const words = plainText(text).split(/[\s,;:=#]+/);
  const cause = FAULT_CAUSES.find((known) => words.includes(known));
  const number = words.map(Number).find((value) => Number.isSafeInteger(value) && value > 0);
  return cause === undefined || number === undefined ? undefined : { cause, number };
}

/** Without accents and capitals: people write both, or not. */
function plainText(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** The recording that a student gets: the same for the same name, however it is written. */
export function recordingFor(name: string): string {
  const plain = plainText(name)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  let hash = 0;
  for (const char of plain) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 1_000_003;
  return FAULT_RECORDINGS[hash % FAULT_RECORDINGS.length] ?? '';
}

/** What each cause means, for the list. */
export const CAUSE_TEXTS: Readonly<Record<FaultCause, ExerciseText>> = {
  relogio: { pt: 'o relógio de um servidor corre adiantado', en: 'the clock of a server runs ahead' },
  queda: {
    pt: 'um servidor caiu com uma escrita confirmada que só ele tinha',
    en: 'a server crashed with an acknowledged write that it alone had',
  },
  isolamento: {
    pt: 'um servidor deixa de ouvir os outros, e responde com o que tem',
    en: 'a server no longer hears the others, and answers with what it has',
  },
  sessao: {
    pt: 'um servidor mostra a uma sessão algo mais velho do que ela já viu',
    en: 'a server shows a session something older than it has seen',
  },
  comparacao: {
    pt: 'duas escritas que comparam com a mesma versão são aceitas',
    en: 'two writes that compare with the same version are accepted',
  },
  divergencia: {
    pt: 'dois servidores que viram as mesmas mutações guardam coisas diferentes',
    en: 'two servers that have seen the same mutations hold different things',
  },
  confirmacao: {
    pt: 'um servidor diz que outros confirmaram, e ninguém podia',
    en: 'a server says that others confirmed, and nobody could',
  },
};
