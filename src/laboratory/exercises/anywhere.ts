import type { Exercise, RunWarning } from './exercise.js';
import { stepsOver } from './exercise.js';
import { shows } from './observed-run.js';
import type { AnsweredCall, ObservedRun } from './observed-run.js';

interface Facts {
  readonly first: AnsweredCall;
  readonly elsewhere: AnsweredCall;
  readonly second: AnsweredCall;
}

const step = stepsOver<Facts>();

const STEPS = [
  step({
    id: 'grava',
    text: {
      pt: 'Um servidor confirma a escrita de uma chave',
      en: 'A server acknowledges the write of a key',
    },
    hint: {
      pt: 'Escolha um servidor e escreva uma chave nova; espere a resposta.',
      en: 'Choose a server and write a new key; wait for the answer.',
    },
    gives: 'first',
    *find(run) {
      for (const first of run.writes()) yield { event: first.answer, facts: { first } };
    },
  }),
  step({
    id: 'le-em-outro',
    text: { pt: 'Outro servidor mostra esse valor', en: 'Another server shows that value' },
    hint: {
      pt: 'Leia a mesma chave num servidor diferente do que a gravou.',
      en: 'Read the same key at a server other than the one that wrote it.',
    },
    gives: 'elsewhere',
    needs: ['first'],
    *find(run, { first }) {
      for (const elsewhere of readsOf(run, first)) yield { event: elsewhere.answer, facts: { elsewhere } };
    },
  }),
  step({
    id: 'le-no-terceiro',
    text: { pt: 'O terceiro servidor também', en: 'The third server does so too' },
    hint: {
      pt: 'Leia a chave também no servidor que ainda falta, antes de gravar outra versão.',
      en: 'Read the key at the server that is left, before another version is written.',
    },
    needs: ['first', 'elsewhere'],
    *find(run, { first, elsewhere }) {
      for (const read of readsOf(run, first)) {
        if (read.server !== elsewhere.server) yield { event: read.answer };
      }
    },
  }),
  step({
    id: 'grava-em-outro',
    text: {
      pt: 'Um servidor diferente do primeiro grava uma nova versão da mesma chave',
      en: 'A server other than the first writes a new version of the same key',
    },
    hint: {
      pt: 'Escreva de novo a mesma chave, com outro valor, num servidor diferente daquele da primeira escrita.',
      en: 'Write the same key again, with another value, at a server other than that of the first write.',
    },
    gives: 'second',
    needs: ['first'],
    *find(run, { first }) {
      const { key, value } = first.made;
      for (const second of run.writes({ key, notServer: first.server, after: first.answer })) {
        if (second.made.value !== value) yield { event: second.answer, facts: { second } };
      }
    },
  }),
  step({
    id: 've-a-nova',
    text: {
      pt: 'O servidor da primeira escrita mostra a nova versão',
      en: 'The server of the first write shows the new version',
    },
    hint: {
      pt: 'Leia a chave no servidor em que você gravou primeiro: ele deve mostrar o valor novo.',
      en: 'Read the key at the server where you wrote first: it must show the new value.',
    },
    needs: ['first', 'second'],
    *find(run, { first, second }) {
      for (const read of run.reads({ key: second.made.key, server: first.server, after: second.answer })) {
        if (shows(read, second)) yield { event: read.answer };
      }
    },
  }),
];

/** Of every engine: a value is written at one server, and read at all. */
export const anywhere: Exercise = {
  name: 'qualquer-lugar',
  title: { pt: 'Escreva e leia em qualquer lugar', en: 'Write and read anywhere' },
  engines: ['frota', 'consenso', 'lider'],
  plan: () => ({ steps: STEPS, warn: warnings }),
};

function* readsOf(run: ObservedRun, write: AnsweredCall): Generator<AnsweredCall> {
  for (const read of run.reads({ key: write.made.key, notServer: write.server, after: write.answer })) {
    if (shows(read, write)) yield read;
  }
}

function* warnings(run: ObservedRun, { first }: Partial<Facts>): Generator<RunWarning> {
  if (first === undefined) return;
  for (const read of run.reads({ key: first.made.key, server: first.server, after: first.answer })) {
    if (!shows(read, first)) continue;
    yield {
      event: read.answer,
      text: {
        pt: `a leitura foi em ${first.server}, o mesmo servidor que gravou: não diz nada sobre os outros`,
        en: `the read was at ${first.server}, the server that wrote: it tells nothing of the others`,
      },
    };
  }
}
