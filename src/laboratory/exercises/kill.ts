import type { HostChanged } from '../recording.js';
import type { Exercise, RunWarning } from './exercise.js';
import { stepsOver } from './exercise.js';
import { isOf, shows } from './observed-run.js';
import type { AnsweredCall, ObservedRun } from './observed-run.js';

interface Facts {
  readonly lost: AnsweredCall;
  readonly death: HostChanged;
  readonly back: HostChanged;
  readonly kept: AnsweredCall;
  readonly secondDeath: HostChanged;
}

const step = stepsOver<Facts>();

const STEPS = [
  step({
    id: 'grava',
    text: {
      pt: 'Um servidor confirma uma escrita, sem esperar por nenhum outro',
      en: 'A server acknowledges a write without waiting for any other',
    },
    hint: {
      pt: 'Isole um servidor e escreva nele uma chave nova, sem pedir confirmações.',
      en: 'Isolate a server and write a new key there, without asking for confirmations.',
    },
    gives: 'lost',
    *find(run) {
      for (const lost of run.writes()) {
        if ((lost.made.confirm ?? 0) === 0) yield { event: lost.answer, facts: { lost } };
      }
    },
  }),
  step({
    id: 'mata',
    text: { pt: 'Esse servidor é morto (kill -9)', en: 'That server is killed (kill -9)' },
    hint: {
      pt: 'Mate o servidor que confirmou a escrita, ainda isolado.',
      en: 'Kill the server that acknowledged the write, while it is isolated.',
    },
    gives: 'death',
    needs: ['lost'],
    *find(run, { lost }) {
      for (const death of run.changed({ change: 'killed', host: lost.server, after: lost.answer })) {
        yield { event: death, facts: { death } };
      }
    },
  }),
  step({
    id: 'inicia',
    text: { pt: 'Ele volta e atende', en: 'It comes back and serves' },
    hint: {
      pt: 'Inicie o servidor de novo, e espere que atenda.',
      en: 'Start the server again, and wait until it serves.',
    },
    gives: 'back',
    needs: ['death'],
    *find(run, { death }) {
      for (const back of run.changed({ change: 'serving', host: death.host, after: death })) {
        yield { event: back, facts: { back } };
      }
    },
  }),
  step({
    id: 'sumiu',
    text: {
      pt: 'A escrita confirmada não está mais lá: nem nele, nem em outro',
      en: 'The acknowledged write is gone: there, and at another server',
    },
    hint: {
      pt: 'Leia a chave no servidor que voltou e em mais um. Se ela está lá, outro servidor a tinha recebido antes da queda: isole-o antes de gravar.',
      en: 'Read the key at the server that came back and at one more. If it is there, another server had received it before the crash: isolate the server before you write.',
    },
    needs: ['lost', 'death', 'back'],
    *find(run, { lost, death, back }) {
      const { key } = lost.made;
      if (isRemoved(run, lost)) return;
      for (const here of run.reads({ key, server: lost.server, after: back })) {
        if (!lacks(run, here, lost)) continue;
        // The others may be asked while it is down: nobody can give them the write any more.
        for (const there of run.reads({ key, notServer: lost.server, after: death })) {
          if (lacks(run, there, lost))
            yield { event: here.answer.n > there.answer.n ? here.answer : there.answer };
        }
      }
    },
  }),
  step({
    id: 'confirma',
    text: {
      pt: 'Uma escrita é respondida só quando outro servidor a tem (confirmação de 1 ou mais)',
      en: 'A write is answered only once another server has it (confirmation of 1 or more)',
    },
    hint: {
      pt: 'Com todos ligados, escreva outra chave pedindo confirmação de pelo menos 1 servidor.',
      en: 'With all connected, write another key and ask for the confirmation of at least 1 server.',
    },
    gives: 'kept',
    *find(run) {
      for (const kept of run.writes()) {
        if ((kept.made.confirm ?? 0) >= 1) yield { event: kept.answer, facts: { kept } };
      }
    },
  }),
  step({
    id: 'mata-de-novo',
    text: { pt: 'O servidor que a confirmou é morto', en: 'The server that acknowledged it is killed' },
    hint: {
      pt: 'Mate agora o servidor em que você fez a escrita com confirmação.',
      en: 'Now kill the server at which you made the write with a confirmation.',
    },
    gives: 'secondDeath',
    needs: ['kept'],
    *find(run, { kept }) {
      for (const secondDeath of run.changed({ change: 'killed', host: kept.server, after: kept.answer })) {
        yield { event: secondDeath, facts: { secondDeath } };
      }
    },
  }),
  step({
    id: 'ficou',
    text: { pt: 'A escrita continua lá', en: 'The write is still there' },
    hint: {
      pt: 'Leia essa chave em outro servidor (ou no mesmo, depois de iniciado).',
      en: 'Read that key at another server (or at the same one, once started).',
    },
    needs: ['kept', 'secondDeath'],
    *find(run, { kept, secondDeath }) {
      for (const read of run.reads({ key: kept.made.key, after: secondDeath })) {
        if (shows(read, kept)) yield { event: read.answer };
      }
    },
  }),
];

/** Of the fleet, in memory: what a crash takes, and what a confirmation is for. */
export const kill: Exercise = {
  name: 'kill-9',
  title: { pt: 'kill -9, e o que se perdeu', en: 'kill -9 and what was lost' },
  engines: ['frota'],
  plan: () => ({ steps: STEPS, warn: warnings }),
};

/** Whether a read shows that what was written is gone, not only that later versions stand before it. */
function lacks(run: ObservedRun, read: AnsweredCall, write: AnsweredCall): boolean {
  if (read.answer.code !== 'OK') return true;
  if (read.answer.lines.some((line) => isOf(line, write))) return false;
  if (read.made.operation === 'history') return true;
  return isEmpty(run.writes({ key: write.made.key, after: write.answer, before: read.made }));
}

/** Whether somebody removed the key after that write: then it is not the crash that took it. */
function isRemoved(run: ObservedRun, write: AnsweredCall): boolean {
  const removals = { operation: 'remove', key: write.made.key, code: 'OK', after: write.made } as const;
  return !isEmpty(run.answered(removals));
}

function* warnings(run: ObservedRun, { lost, kept, secondDeath }: Partial<Facts>): Generator<RunWarning> {
  if (lost !== undefined) {
    for (const later of run.writes({ key: lost.made.key, after: lost.answer })) {
      yield {
        event: later.answer,
        text: {
          pt: 'a mesma chave foi gravada de novo: uma leitura mostra só a última versão; peça o histórico, ou use outra chave',
          en: 'the same key was written again: a read shows the latest version only; ask for the history, or use another key',
        },
      };
    }
  }
  if (kept !== undefined && secondDeath !== undefined && secondDeath.t - kept.answer.t > LONG_MS) {
    yield {
      event: secondDeath,
      text: {
        pt: 'entre a resposta e a queda passou mais de meio minuto: sem confirmação os outros também já a teriam',
        en: 'more than half a minute passed between answer and crash: without a confirmation the others would have it too',
      },
    };
  }
}

const LONG_MS = 30_000;

function isEmpty(calls: Generator<AnsweredCall>): boolean {
  return calls.next().done === true;
}
