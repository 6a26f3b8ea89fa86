import type { HostChanged, RecordedEvent } from '../recording.js';
import type { Exercise, RunWarning } from './exercise.js';
import { stepsOver } from './exercise.js';
import { latestLine, shows } from './observed-run.js';
import type { AnsweredCall, ObservedRun } from './observed-run.js';

interface Facts {
  readonly oneOut: HostChanged;
  readonly held: AnsweredCall;
  readonly twoOut: HostChanged;
  readonly back: HostChanged;
}

/** Answers of a write of which nobody can say whether it was done. */
const UNKNOWN: readonly string[] = ['RESULTADO_DESCONHECIDO', 'SEM_RESPOSTA'];

/** Answers of a call that the replicas could not decide. */
const UNDECIDED: readonly string[] = ['SEM_MAIORIA', ...UNKNOWN];

/** What puts a replica out: for ever, or until it is connected again. */
const OUT = ['killed', 'ended', 'isolated'] as const;

const step = stepsOver<Facts>();

const STEPS = [
  step({
    id: 'uma-fora',
    text: { pt: 'Uma das três réplicas fica fora', en: 'One of the three replicas is out' },
    hint: {
      pt: 'Mate ou isole uma máquina (a réplica bd3 cai com o servidor n3).',
      en: 'Kill or isolate one machine (the replica bd3 falls with the server n3).',
    },
    gives: 'oneOut',
    *find(run) {
      for (const oneOut of run.changed({ change: OUT })) {
        if (run.replicas.includes(oneOut.host) && replicasOut(run, oneOut) === 1)
          yield { event: oneOut, facts: { oneOut } };
      }
    },
  }),
  step({
    id: 'segue',
    text: {
      pt: 'Com duas de três, uma escrita é confirmada',
      en: 'With two of three, a write is acknowledged',
    },
    hint: {
      pt: 'Com uma réplica fora, escreva uma chave num servidor do lado da maioria.',
      en: 'With one replica out, write a key at a server on the side of the majority.',
    },
    gives: 'held',
    needs: ['oneOut'],
    *find(run, { oneOut }) {
      for (const held of run.writes({ after: oneOut })) {
        if (replicasOut(run, held.answer) === 1) yield { event: held.answer, facts: { held } };
      }
    },
  }),
  step({
    id: 'le-em-outro',
    text: { pt: 'E outro servidor a mostra logo', en: 'And another server shows it at once' },
    hint: {
      pt: 'Ainda com uma réplica fora, leia a chave no outro servidor da maioria.',
      en: 'With one replica still out, read the key at the other server of the majority.',
    },
    needs: ['held'],
    *find(run, { held }) {
      const where = { key: held.made.key, notServer: held.server, after: held.answer };
      for (const read of run.reads(where)) {
        if (replicasOut(run, read.answer) === 1 && shows(read, held)) yield { event: read.answer };
      }
    },
  }),
  step({
    id: 'duas-fora',
    text: {
      pt: 'A segunda réplica fica fora: não há mais maioria',
      en: 'The second replica is out: there is no majority any more',
    },
    hint: { pt: 'Mate ou isole mais uma máquina.', en: 'Kill or isolate one more machine.' },
    gives: 'twoOut',
    needs: ['oneOut'],
    *find(run, { oneOut }) {
      for (const twoOut of run.changed({ change: OUT, after: oneOut })) {
        if (run.replicas.includes(twoOut.host) && replicasOut(run, twoOut) === 2)
          yield { event: twoOut, facts: { twoOut } };
      }
    },
  }),
  step({
    id: 'nao-grava',
    text: {
      pt: 'Sem maioria, nenhuma escrita é confirmada',
      en: 'Without a majority no write is acknowledged',
    },
    hint: {
      pt: 'Com duas réplicas fora, tente escrever uma chave e espere a recusa.',
      en: 'With two replicas out, try to write a key and wait for the refusal.',
    },
    needs: ['twoOut'],
    *find(run, { twoOut }) {
      for (const tried of run.answered({ operation: ['insert', 'compare'], after: twoOut })) {
        if (isUndecided(run, tried)) yield { event: tried.answer };
      }
    },
  }),
  step({
    id: 'nao-le',
    text: {
      pt: 'Nem uma leitura é respondida: poderia mostrar o passado',
      en: 'Nor is a read answered: it might show the past',
    },
    hint: {
      pt: 'Com duas réplicas fora, tente ler uma chave.',
      en: 'With two replicas out, try to read a key.',
    },
    needs: ['twoOut'],
    *find(run, { twoOut }) {
      for (const tried of run.answered({ operation: ['query', 'history'], after: twoOut })) {
        if (isUndecided(run, tried)) yield { event: tried.answer };
      }
    },
  }),
  step({
    id: 'volta',
    text: { pt: 'Uma das réplicas volta', en: 'One of the replicas comes back' },
    hint: { pt: 'Inicie ou ligue uma das duas.', en: 'Start or connect one of the two.' },
    gives: 'back',
    needs: ['twoOut'],
    *find(run, { twoOut }) {
      for (const back of run.changed({ change: ['started', 'serving', 'connected'], after: twoOut })) {
        if (run.replicas.includes(back.host) && replicasOut(run, back) <= 1) {
          yield { event: back, facts: { back } };
        }
      }
    },
  }),
  step({
    id: 'nada-perdido',
    text: {
      pt: 'O que foi confirmado com duas de três está lá',
      en: 'What was acknowledged with two of three is there',
    },
    hint: {
      pt: 'Com a maioria de volta, leia a chave que você gravou com uma réplica fora.',
      en: 'With the majority back, read the key that you wrote with one replica out.',
    },
    needs: ['held', 'back'],
    *find(run, { held, back }) {
      for (const read of run.reads({ key: held.made.key, after: back })) {
        const line = latestLine(read);
        // A write that nobody could decide may have been done after all.
        if (shows(read, held) || (line !== undefined && line.version > versionOf(held)))
          yield { event: read.answer };
      }
    },
  }),
  step({
    id: 'grava-de-novo',
    text: { pt: 'E escritas são confirmadas de novo', en: 'And writes are acknowledged again' },
    hint: { pt: 'Com a maioria de volta, escreva uma chave.', en: 'With the majority back, write a key.' },
    needs: ['back'],
    *find(run, { back }) {
      for (const again of run.writes({ after: back })) yield { event: again.answer };
    },
  }),
];

/** Of consensus: two of three decide, one does not. */
export const majority: Exercise = {
  name: 'maioria',
  title: { pt: 'A maioria decide', en: 'The majority decides' },
  engines: ['consenso'],
  plan: () => ({ steps: STEPS, warn: warnings }),
};

function replicasOut(run: ObservedRun, at: RecordedEvent): number {
  return run.replicas.filter((replica) => !run.isReachedAt(replica, at)).length;
}

/** Whether a call was not decided, and there was no majority from its beginning to its end. */
function isUndecided(run: ObservedRun, { made, answer }: AnsweredCall): boolean {
  return UNDECIDED.includes(answer.code) && replicasOut(run, made) >= 2 && replicasOut(run, answer) >= 2;
}

function versionOf({ answer }: AnsweredCall): number {
  return answer.lines[0]?.version ?? Infinity;
}

function* warnings(run: ObservedRun, { twoOut, back }: Partial<Facts>): Generator<RunWarning> {
  if (twoOut === undefined) return;
  for (const call of run.answered({ operation: ['insert', 'compare'], after: twoOut, before: back })) {
    if (!UNKNOWN.includes(call.answer.code)) continue;
    yield {
      event: call.answer,
      text: {
        pt: 'ninguém sabe se essa escrita foi feita: uma réplica pode tê-la no disco; olhe depois, e explique',
        en: 'nobody knows whether that write was done: a replica may have it on disk; look later, and explain',
      },
    };
  }
}
