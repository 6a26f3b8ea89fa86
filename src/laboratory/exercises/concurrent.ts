import type { HostChanged } from '../recording.js';
import type { Exercise, RunWarning } from './exercise.js';
import { stepsOver } from './exercise.js';
import { isJoined, isOf, shows, writtenVersion } from './observed-run.js';
import type { AnsweredCall, ObservedRun, Separation } from './observed-run.js';

interface Facts {
  readonly apart: Separation;
  readonly joined: HostChanged;
  readonly inner: AnsweredCall;
  readonly outer: AnsweredCall;
  readonly both: AnsweredCall;
  readonly settled: AnsweredCall;
}

const step = stepsOver<Facts>();

const STEPS = [
  step({
    id: 'separa',
    text: { pt: 'Um servidor fica separado dos outros', en: 'A server is cut off from the others' },
    hint: {
      pt: 'Isole um servidor pelo botão do laboratório (ou faça-o perder todas as mensagens).',
      en: "Isolate a server by the laboratory's button (or have it lose every message).",
    },
    gives: 'apart',
    *find(run) {
      for (const apart of run.separations()) yield { event: apart.from, facts: { apart } };
    },
  }),
  step({
    id: 'grava-dentro',
    text: {
      pt: 'O servidor separado confirma a escrita de uma chave',
      en: 'The server cut off acknowledges the write of a key',
    },
    hint: {
      pt: 'Enquanto ele está separado, escreva uma chave nele: ele aceita.',
      en: 'While it is cut off, write a key there: it accepts.',
    },
    gives: 'inner',
    needs: ['apart'],
    *find(run, { apart }) {
      for (const inner of run.writes({ server: apart.server, after: apart.from, before: apart.to })) {
        yield { event: inner.answer, facts: { inner } };
      }
    },
  }),
  step({
    id: 'grava-fora',
    text: {
      pt: 'Outro servidor confirma, enquanto isso, outro valor da mesma chave',
      en: 'Meanwhile another server acknowledges another value of the same key',
    },
    hint: {
      pt: 'Ainda com ele separado, escreva a mesma chave, com outro valor, num servidor do outro lado.',
      en: 'With it still cut off, write the same key, with another value, at a server on the other side.',
    },
    gives: 'outer',
    needs: ['apart', 'inner'],
    *find(run, { apart, inner }) {
      const { key, value } = inner.made;
      const between = { notServer: apart.server, after: apart.from, before: apart.to };
      for (const outer of run.writes({ key, ...between })) {
        if (outer.made.value !== value) yield { event: outer.answer, facts: { outer } };
      }
    },
  }),
  step({
    id: 'le-dentro',
    text: { pt: 'O servidor separado mostra o seu valor', en: 'The server cut off shows its value' },
    hint: {
      pt: 'Depois das duas escritas, e antes de ligar, leia a chave no servidor separado.',
      en: 'After both writes, and before you connect it again, read the key at the server cut off.',
    },
    needs: ['apart', 'inner', 'outer'],
    *find(run, { apart, inner, outer }) {
      const after = later(inner, outer).answer;
      for (const read of run.reads({ key: inner.made.key, server: apart.server, after, before: apart.to })) {
        if (shows(read, inner)) yield { event: read.answer };
      }
    },
  }),
  step({
    id: 'le-fora',
    text: {
      pt: 'Um servidor do outro lado mostra o dele',
      en: 'A server on the other side shows the other value',
    },
    hint: {
      pt: 'Depois das duas escritas, e antes de ligar, leia a mesma chave também num servidor do outro lado.',
      en: 'After both writes, and before you connect it again, read the same key at a server on the other side, too.',
    },
    needs: ['apart', 'inner', 'outer'],
    *find(run, { apart, inner, outer }) {
      const after = later(inner, outer).answer;
      for (const read of run.reads({
        key: inner.made.key,
        notServer: apart.server,
        after,
        before: apart.to,
      })) {
        if (shows(read, outer)) yield { event: read.answer };
      }
    },
  }),
  step({
    id: 'junta',
    text: { pt: 'Os lados voltam a se ouvir', en: 'The sides hear each other again' },
    hint: { pt: 'Ligue o servidor de volta.', en: 'Connect the server again.' },
    gives: 'joined',
    needs: ['apart'],
    *find(_, { apart }) {
      if (isJoined(apart)) yield { event: apart.to, facts: { joined: apart.to } };
    },
  }),
  step({
    id: 'irmas',
    text: {
      pt: 'O histórico da chave mostra as duas escritas, irmãs de mesmo número',
      en: "The key's history shows both writes, siblings of one number",
    },
    hint: {
      pt: 'Depois de ligar, espere os hashes ficarem iguais e peça o histórico da chave: as duas versões estão lá.',
      en: "After connecting, wait until the hashes are equal and ask for the key's history: both versions are there.",
    },
    gives: 'both',
    needs: ['inner', 'outer', 'joined'],
    *find(run, { inner, outer, joined }) {
      for (const both of run.answered({ ...historyOf(inner), after: joined })) {
        const siblings = both.answer.lines.filter(({ isSibling }) => isSibling);
        const isBoth = [inner, outer].every((write) => siblings.some((line) => isOf(line, write)));
        if (isBoth) yield { event: both.answer, facts: { both } };
      }
    },
  }),
  step({
    id: 'resolve',
    text: {
      pt: 'Uma nova escrita, que viu as duas, é confirmada',
      en: 'A new write that has seen both is acknowledged',
    },
    hint: {
      pt: 'Depois de ver as duas no histórico, escreva a chave mais uma vez, em qualquer servidor.',
      en: 'Once you have seen both in the history, write the key once more, at any server.',
    },
    gives: 'settled',
    needs: ['both'],
    *find(run, { both }) {
      for (const settled of run.writes({ key: both.made.key, after: both.answer })) {
        yield { event: settled.answer, facts: { settled } };
      }
    },
  }),
  step({
    id: 'uma-so',
    text: {
      pt: 'O histórico mostra uma só ponta: a nova versão substitui as duas',
      en: 'The history shows one head only: the new version supersedes both',
    },
    hint: {
      pt: 'Peça o histórico outra vez, num servidor diferente, e veja qual versão é a ponta.',
      en: 'Ask for the history again, at another server, and see which version is the head.',
    },
    needs: ['settled'],
    *find(run, { settled }) {
      for (const last of run.answered({ ...historyOf(settled), after: settled.answer })) {
        const heads = last.answer.lines.filter(({ isHead }) => isHead);
        if (heads.length === 1 && heads.every((line) => isOf(line, settled))) yield { event: last.answer };
      }
    },
  }),
];

/** Of the fleet: two servers that do not hear each other write one key. */
export const concurrent: Exercise = {
  name: 'ao-mesmo-tempo',
  title: { pt: 'Escritas ao mesmo tempo', en: 'Concurrent writes' },
  engines: ['frota'],
  plan: () => ({ steps: STEPS, warn: warnings }),
};

function historyOf({ made }: AnsweredCall): { operation: 'history'; key: string; code: string } {
  return { operation: 'history', key: made.key, code: 'OK' };
}

function later(one: AnsweredCall, other: AnsweredCall): AnsweredCall {
  return one.answer.n > other.answer.n ? one : other;
}

function* warnings(run: ObservedRun, { apart, inner, outer }: Partial<Facts>): Generator<RunWarning> {
  if (apart === undefined || inner === undefined) return;
  if (outer !== undefined && writtenVersion(inner) !== writtenVersion(outer)) {
    yield {
      event: outer.answer,
      text: {
        pt: 'os dois lados deram números diferentes à sua versão: nenhuma é irmã da outra; grave o mesmo número de vezes em cada lado',
        en: 'the sides gave their versions different numbers: neither is a sibling of the other; write as often on each side',
      },
    };
  }
  const { made } = inner;
  const before = { key: made.key, notServer: apart.server, before: apart.from };
  for (const early of run.writes(before)) {
    if (early.made.value === made.value) {
      yield {
        event: early.answer,
        text: {
          pt: 'esse valor já tinha sido gravado antes da separação: use valores diferentes para distinguir as escritas',
          en: 'that value had been written before the cut: use different values to tell the writes apart',
        },
      };
    }
  }
}
