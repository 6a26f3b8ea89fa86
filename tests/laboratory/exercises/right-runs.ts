import { FLEET_RUNS } from './fleet-runs.js';
import { isFound, isRefused, shows } from './run-script.js';
import type { RightRun } from './run-script.js';

/** Right runs on the engines with one order of writes. */
const ORDERED_RUNS: readonly RightRun[] = [
  {
    file: 'qualquer-lugar-consenso',
    exercise: 'qualquer-lugar',
    engine: 'consenso',
    async drive(lab) {
      await lab.call('c1', 'n1', 'insert', 'nome', { value: 'Maria' });
      await lab.call('c2', 'n2', 'query', 'nome');
      await lab.call('c2', 'n3', 'query', 'nome');
      await lab.call('c2', 'n2', 'insert', 'nome', { value: 'Ana' });
      await lab.call('c1', 'n1', 'query', 'nome');
    },
  },
  {
    file: 'qualquer-lugar-lider',
    exercise: 'qualquer-lugar',
    engine: 'lider',
    async drive(lab) {
      await lab.call('c1', 'n2', 'insert', 'nome', { value: 'Maria' });
      await lab.call('c1', 'n1', 'query', 'nome');
      await lab.call('c1', 'n3', 'query', 'nome');
      await lab.call('c1', 'n1', 'insert', 'nome', { value: 'Ana' });
      await lab.call('c1', 'n2', 'query', 'nome');
    },
  },
  {
    file: 'maioria-1',
    exercise: 'maioria',
    engine: 'consenso',
    async drive(lab) {
      await lab.call('c1', 'n1', 'insert', 'lei', { value: 'um' });
      await lab.kill('n3');
      await lab.ask('c1', 'n1', 'insert', 'lei', isFound, { value: 'dois' });
      await lab.call('c2', 'n2', 'query', 'lei');
      await lab.kill('n2');
      await lab.call('c1', 'n1', 'insert', 'outra', { value: 'nunca' });
      await lab.call('c2', 'n1', 'query', 'lei');
      await lab.start('n2');
      await lab.ask('c2', 'n2', 'query', 'lei', isFound);
      await lab.ask('c1', 'n1', 'insert', 'lei', isFound, { value: 'três' });
    },
  },
  {
    // Isolated instead of killed: the others come back at once. The read is tried before the write, which compares.
    file: 'maioria-2',
    exercise: 'maioria',
    engine: 'consenso',
    async drive(lab) {
      await lab.isolate('n1');
      await lab.ask('c2', 'n3', 'insert', 'voto', isFound, { value: 'sim' });
      await lab.call('c2', 'n2', 'history', 'voto');
      await lab.isolate('n3');
      await lab.call('c2', 'n2', 'query', 'voto');
      await lab.call('c2', 'n2', 'compare', 'voto', { value: 'não', version: 1 });
      await lab.connect('n1');
      await lab.ask('c2', 'n2', 'insert', 'mais', isFound, { value: 'um' });
      await lab.ask('c1', 'n1', 'query', 'voto', isFound);
    },
  },
  {
    file: 'nunca-para-tras-1',
    exercise: 'nunca-para-tras',
    engine: 'lider',
    async drive(lab) {
      await lab.call('c1', 'n1', 'insert', 'aviso', { value: 'velho' });
      await lab.isolate('n3');
      await lab.call('c1', 'n1', 'insert', 'aviso', { value: 'novo' });
      await lab.ask('c2', 'n2', 'query', 'aviso', shows('novo'), { session: true });
      await lab.call('c1', 'n3', 'query', 'aviso');
      await lab.ask('c2', 'n3', 'query', 'aviso', isRefused, { session: true });
      await lab.connect('n3');
      await lab.ask('c2', 'n3', 'query', 'aviso', shows('novo'), { session: true });
    },
  },
  {
    // The other follower, the write at a follower, the read at the leader, history for the old value.
    file: 'nunca-para-tras-2',
    exercise: 'nunca-para-tras',
    engine: 'lider',
    async drive(lab) {
      await lab.call('c2', 'n2', 'insert', 'preço', { value: '10' });
      await lab.isolate('n2');
      await lab.call('c2', 'n3', 'insert', 'preço', { value: '12' });
      await lab.call('c2', 'n2', 'history', 'preço');
      await lab.ask('c1', 'n1', 'query', 'preço', shows('12'), { session: true });
      await lab.ask('c1', 'n2', 'query', 'preço', isRefused, { session: true });
      await lab.connect('n2');
      await lab.ask('c1', 'n2', 'query', 'preço', shows('12'), { session: true });
    },
  },
  {
    file: 'vagas-consenso-1',
    exercise: 'vagas',
    engine: 'consenso',
    async drive(lab) {
      await lab.call('c1', 'n1', 'insert', 'vaga', { value: 'livre' });
      await lab.call('c1', 'n1', 'query', 'vaga');
      await lab.call('c2', 'n2', 'query', 'vaga');
      await lab.call('c1', 'n1', 'compare', 'vaga', { value: 'Maria', version: 1 });
      await lab.call('c2', 'n2', 'compare', 'vaga', { value: 'João', version: 1 });
      await lab.call('c2', 'n2', 'query', 'vaga');
    },
  },
  {
    // The second one who looked wins, and another key has other versions.
    file: 'vagas-consenso-2',
    exercise: 'vagas',
    engine: 'consenso',
    async drive(lab) {
      await lab.call('c2', 'n3', 'insert', 'assento', { value: 'em obras' });
      await lab.call('c2', 'n3', 'insert', 'assento', { value: 'vago' });
      await lab.call('c2', 'n3', 'query', 'assento');
      await lab.call('c1', 'n2', 'query', 'assento');
      await lab.call('c1', 'n2', 'compare', 'assento', { value: 'c1', version: 2 });
      await lab.call('c2', 'n1', 'compare', 'assento', { value: 'c2', version: 2 });
      await lab.call('c2', 'n1', 'history', 'assento');
    },
  },
  {
    file: 'vagas-lider-1',
    exercise: 'vagas',
    engine: 'lider',
    async drive(lab) {
      await lab.call('c1', 'n1', 'insert', 'vaga', { value: 'livre' });
      await lab.call('c1', 'n2', 'query', 'vaga');
      await lab.call('c2', 'n3', 'query', 'vaga');
      await lab.call('c2', 'n3', 'compare', 'vaga', { value: 'João', version: 1 });
      await lab.call('c1', 'n2', 'compare', 'vaga', { value: 'Maria', version: 1 });
      await lab.call('c1', 'n2', 'query', 'vaga');
    },
  },
  {
    // Both are under way at once: which of them wins is not known before.
    file: 'vagas-lider-2',
    exercise: 'vagas',
    engine: 'lider',
    async drive(lab) {
      await lab.call('c2', 'n2', 'insert', 'sala 3', { value: 'livre' });
      await lab.call('c1', 'n1', 'query', 'sala 3');
      await lab.call('c2', 'n2', 'query', 'sala 3');
      await Promise.all([
        lab.call('c1', 'n1', 'compare', 'sala 3', { value: 'c1', version: 1 }),
        lab.call('c2', 'n2', 'compare', 'sala 3', { value: 'c2', version: 1 }),
      ]);
      await lab.call('c1', 'n1', 'query', 'sala 3');
      await lab.call('c2', 'n2', 'query', 'sala 3');
    },
  },
];

export const RIGHT_RUNS: readonly RightRun[] = [...FLEET_RUNS, ...ORDERED_RUNS];
