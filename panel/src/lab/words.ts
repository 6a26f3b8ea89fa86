import type { CallMade } from '../../../src/laboratory/recording.js';
import { number, say } from '../text.js';
import type { Spell } from './host-history.js';
import type { SceneWords } from './scene.js';

/** A time of the run, from its start: `12,345 s`. */
export function runTime(ms: number): string {
  if (ms >= 60_000) {
    const minutes = Math.floor(ms / 60_000);
    return `${minutes} min ${number((ms - minutes * 60_000) / 1000, 1, 1)} s`;
  }
  return `${number(ms / 1000, 3, 3)} s`;
}

/** A length of time: `0,4 ms`, `120 ms`, `3,2 s`. */
export function timeSpan(ms: number): string {
  if (Math.abs(ms) < 1_000) return `${number(ms, Math.abs(ms) < 10 ? 2 : 0)} ms`;
  return `${number(ms / 1000, 1)} s`;
}

/** The words of the picture. */
export function sceneWords(): SceneWords {
  return {
    equal: say('iguais', 'equal'),
    different: say('diferentes', 'different'),
    isolated: say('isolado', 'isolated'),
    down: say('parado', 'down'),
    joining: say('entrando', 'joining'),
    leads: say('líder', 'leader'),
    hosts: say('broker aqui', 'broker here'),
    clock: (ms) => `${say('relógio', 'clock')} ${ms > 0 ? '+' : '−'}${timeSpan(Math.abs(ms))}`,
    loss: (share) => `${say('perde', 'loses')} ${number(share * 100, 1)} %`,
    time: runTime,
    operation: operationWord,
    gap: (ms) => `⋯ ${timeSpan(ms)}`,
  };
}

/** What a client asks for. */
export function operationWord(operation: CallMade['operation']): string {
  switch (operation) {
    case 'insert':
      return say('escrever', 'write');
    case 'query':
      return say('ler', 'read');
    case 'remove':
      return say('remover', 'remove');
    case 'history':
      return say('histórico', 'history');
    case 'compare':
      return say('comparar e escrever', 'compare and write');
  }
}

/** What a host is for a time, in a word. */
export function spellWord({ what, amount }: Spell): string {
  const words = sceneWords();
  switch (what) {
    case 'clock':
      return words.clock(amount ?? 0);
    case 'loss':
      return words.loss(amount ?? 0);
    case 'down':
    case 'joining':
    case 'isolated':
    case 'leads':
    case 'hosts':
      return words[what];
  }
}
