import { isFound, isRefused, shows } from './run-script.js';
import type { RightRun } from './run-script.js';

/** Right runs on the fleet. */
export const FLEET_RUNS: readonly RightRun[] = [
  {
    file: 'qualquer-lugar-1',
    exercise: 'qualquer-lugar',
    engine: 'frota',
    async drive(lab) {
      await lab.call('c1', 'n1', 'insert', 'nome', { value: 'Maria' });
      await lab.agreed();
      await lab.call('c1', 'n2', 'query', 'nome');
      await lab.call('c1', 'n3', 'query', 'nome');
      await lab.call('c1', 'n3', 'insert', 'nome', { value: 'Ana' });
      await lab.agreed();
      await lab.call('c1', 'n1', 'query', 'nome');
    },
  },
  {
    // Other keys between, a first attempt at the writer itself, history instead of query, two clients.
    file: 'qualquer-lugar-2',
    exercise: 'qualquer-lugar',
    engine: 'frota',
    async drive(lab) {
      await lab.call('c2', 'n2', 'insert', 'casa/sala', { value: '21' });
      await lab.call('c2', 'n2', 'query', 'casa/sala');
      await lab.call('c1', 'n1', 'insert', 'outra', { value: 'coisa' });
      await lab.agreed();
      await lab.call('c2', 'n3', 'history', 'casa/sala');
      await lab.call('c1', 'n1', 'query', 'casa/sala');
      await lab.call('c1', 'n1', 'insert', 'casa/sala', { value: '22' });
      await lab.agreed();
      await lab.call('c2', 'n2', 'history', 'casa/sala');
    },
  },
  {
    file: 'ao-mesmo-tempo-1',
    exercise: 'ao-mesmo-tempo',
    engine: 'frota',
    async drive(lab) {
      await lab.isolate('n2');
      await lab.call('c1', 'n2', 'insert', 'cor', { value: 'azul' });
      await lab.call('c2', 'n1', 'insert', 'cor', { value: 'verde' });
      await lab.call('c1', 'n2', 'query', 'cor');
      await lab.call('c2', 'n1', 'query', 'cor');
      await lab.connect('n2');
      await lab.agreed();
      await lab.call('c1', 'n3', 'history', 'cor');
      await lab.call('c1', 'n3', 'insert', 'cor', { value: 'amarelo' });
      await lab.agreed();
      await lab.call('c1', 'n1', 'history', 'cor');
    },
  },
  {
    // The key had versions before; the outer side writes first; the server loses every message instead of being isolated.
    file: 'ao-mesmo-tempo-2',
    exercise: 'ao-mesmo-tempo',
    engine: 'frota',
    async drive(lab) {
      await lab.call('c1', 'n1', 'insert', 'prato', { value: 'feijoada' });
      await lab.agreed();
      await lab.lose('n3', 1_000);
      await lab.call('c1', 'n2', 'insert', 'prato', { value: 'moqueca' });
      await lab.call('c1', 'n3', 'insert', 'prato', { value: 'pizza' });
      await lab.call('c1', 'n1', 'query', 'prato');
      await lab.call('c1', 'n3', 'history', 'prato');
      await lab.lose('n3', 0);
      await lab.agreed();
      await lab.call('c2', 'n3', 'history', 'prato');
      await lab.call('c2', 'n1', 'insert', 'prato', { value: 'os dois' });
      await lab.agreed();
      await lab.call('c2', 'n2', 'history', 'prato');
    },
  },
  {
    file: 'sessao-1',
    exercise: 'sessao',
    engine: 'frota',
    async drive(lab) {
      await lab.isolate('n3');
      await lab.call('c1', 'n1', 'insert', 'saldo', { value: '100', session: true });
      await lab.call('c1', 'n3', 'query', 'saldo');
      await lab.ask('c1', 'n3', 'query', 'saldo', isRefused, { session: true });
      await lab.call('c2', 'n3', 'query', 'saldo', { session: true });
      await lab.connect('n3');
      await lab.agreed();
      await lab.ask('c1', 'n3', 'query', 'saldo', isFound, { session: true });
    },
  },
  {
    // An older value is there; the other client asks first; a needless read at a server that hears.
    file: 'sessao-2',
    exercise: 'sessao',
    engine: 'frota',
    async drive(lab) {
      await lab.call('c2', 'n1', 'insert', 'nota', { value: '5', session: true });
      await lab.agreed();
      await lab.isolate('n1');
      await lab.call('c2', 'n2', 'insert', 'nota', { value: '9', session: true });
      await lab.call('c1', 'n1', 'query', 'nota', { session: true });
      await lab.ask('c2', 'n3', 'query', 'nota', shows('9'), { session: true });
      await lab.ask('c2', 'n1', 'query', 'nota', isRefused, { session: true });
      await lab.call('c2', 'n1', 'query', 'nota');
      await lab.connect('n1');
      await lab.agreed();
      await lab.ask('c2', 'n1', 'query', 'nota', shows('9'), { session: true });
    },
  },
  {
    file: 'kill-9-1',
    exercise: 'kill-9',
    engine: 'frota',
    async drive(lab) {
      await lab.isolate('n2');
      await lab.call('c1', 'n2', 'insert', 'pedido', { value: 'pago' });
      await lab.kill('n2');
      await lab.start('n2');
      await lab.call('c1', 'n2', 'query', 'pedido');
      await lab.call('c1', 'n1', 'query', 'pedido');
      await lab.call('c1', 'n2', 'insert', 'recibo', { value: 'emitido', confirm: 1 });
      await lab.kill('n2');
      await lab.ask('c1', 'n3', 'query', 'recibo', isFound);
    },
  },
  {
    // The confirmed write first; then all three are killed, so that no isolation is needed.
    file: 'kill-9-2',
    exercise: 'kill-9',
    engine: 'frota',
    async drive(lab) {
      await lab.call('c1', 'n3', 'insert', 'recibo', { value: 'a', confirm: 2 });
      await lab.kill('n3');
      await lab.call('c1', 'n2', 'query', 'recibo');
      await lab.start('n3');
      await lab.call('c2', 'n1', 'insert', 'pedido', { value: 'b' });
      await lab.kill('n1');
      await lab.kill('n2');
      await lab.kill('n3');
      await lab.start('n1');
      await lab.start('n3');
      await lab.call('c2', 'n1', 'history', 'pedido');
      await lab.call('c2', 'n3', 'query', 'pedido');
    },
  },
  {
    file: 'relogio-1',
    exercise: 'relogio',
    engine: 'frota',
    async drive(lab) {
      await lab.isolate('n2');
      await lab.clock('n2', 30_000);
      await lab.call('c1', 'n2', 'insert', 'placar', { value: '1 a 0' });
      await lab.call('c2', 'n1', 'insert', 'placar', { value: '1 a 1' });
      await lab.connect('n2');
      await lab.agreed();
      await lab.call('c2', 'n1', 'query', 'placar');
      await lab.call('c2', 'n1', 'insert', 'placar', { value: '2 a 1' });
      await lab.agreed();
      await lab.call('c1', 'n2', 'query', 'placar');
    },
  },
  {
    // Here the server whose clock is right is the isolated one, and the clock was put ahead first.
    file: 'relogio-2',
    exercise: 'relogio',
    engine: 'frota',
    async drive(lab) {
      await lab.clock('n1', 20_000);
      await lab.isolate('n3');
      await lab.call('c1', 'n1', 'insert', 'agenda', { value: 'dentista' });
      await lab.call('c1', 'n3', 'insert', 'agenda', { value: 'aula' });
      await lab.connect('n3');
      await lab.agreed();
      await lab.call('c1', 'n3', 'history', 'agenda');
      await lab.call('c2', 'n3', 'insert', 'agenda', { value: 'os dois' });
      await lab.agreed();
      await lab.call('c2', 'n1', 'history', 'agenda');
    },
  },
  {
    file: 'vagas-frota-1',
    exercise: 'vagas',
    engine: 'frota',
    async drive(lab) {
      await lab.call('c1', 'n1', 'insert', 'vaga', { value: 'livre' });
      await lab.agreed();
      await lab.call('c1', 'n1', 'compare', 'vaga', { value: 'Maria', version: 1 });
      await lab.isolate('n2');
      await lab.call('c1', 'n1', 'query', 'vaga');
      await lab.call('c2', 'n2', 'query', 'vaga');
      await lab.call('c1', 'n1', 'insert', 'vaga', { value: 'Maria' });
      await lab.call('c2', 'n2', 'insert', 'vaga', { value: 'João' });
      await lab.connect('n2');
      await lab.agreed();
      await lab.call('c1', 'n1', 'query', 'vaga');
      await lab.call('c2', 'n2', 'query', 'vaga');
    },
  },
  {
    // They looked while connected once, too; the comparison is tried last; the isolated one takes it first.
    file: 'vagas-frota-2',
    exercise: 'vagas',
    engine: 'frota',
    async drive(lab) {
      await lab.call('c2', 'n3', 'insert', 'assento 12A', { value: '' });
      await lab.agreed();
      await lab.call('c1', 'n1', 'query', 'assento 12A');
      await lab.isolate('n1');
      await lab.call('c1', 'n1', 'history', 'assento 12A');
      await lab.call('c1', 'n1', 'insert', 'assento 12A', { value: 'c1' });
      await lab.call('c2', 'n3', 'query', 'assento 12A');
      await lab.call('c2', 'n3', 'insert', 'assento 12A', { value: 'c2' });
      await lab.connect('n1');
      await lab.agreed();
      await lab.call('c2', 'n3', 'history', 'assento 12A');
      await lab.call('c1', 'n1', 'history', 'assento 12A');
      await lab.call('c1', 'n2', 'compare', 'assento 12A', { value: 'c1', version: 2 });
    },
  },
  {
    file: 'mensagens-perdidas-1',
    exercise: 'mensagens-perdidas',
    engine: 'frota',
    async drive(lab) {
      await lab.lose('n2', 500);
      for (let at = 1; at <= 12; at++)
        await lab.call('c1', 'n1', 'insert', `linha/${at}`, { value: `verso ${at}` });
      await lab.lose('n2', 0);
      await lab.agreed();
    },
  },
  {
    // What is lost goes out, of the server that writes; the loss goes on while it is repaired.
    file: 'mensagens-perdidas-2',
    exercise: 'mensagens-perdidas',
    engine: 'frota',
    async drive(lab) {
      await lab.lose('n3', 400);
      for (let at = 1; at <= 15; at++)
        await lab.call('c2', 'n3', 'insert', 'contador', { value: String(at) });
      await lab.agreed();
    },
  },
];
