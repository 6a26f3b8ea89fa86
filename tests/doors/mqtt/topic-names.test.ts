import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import { mqttDoorLimits } from '../../../src/doors/mqtt/limits.js';
import { FleetTopics, keyOfTopic, PARTS } from '../../../src/doors/mqtt/topic-names.js';

const topics = new FleetTopics('padrao');

/** A key as the rest of a topic has it. */
function topicKey(key: string): string | undefined {
  const topic = topics.ofKey(PARTS.value, key);
  return topic === undefined ? undefined : topics.rest(PARTS.value, topic);
}

/** Texts of all that is difficult: separators, wildcards, controls, surrogates, what is no character. */
const difficult = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        ...[
          '/',
          '%',
          '+',
          '#',
          '\0',
          '\n',
          '\u007f',
          '\u0085',
          '$',
          ' ',
          'ç',
          '💧',
          '25',
          '%25',
          '\ufffd',
          '\uffff',
        ],
        ...['\ufdd0', '\u{1fffe}', '\u{10ffff}', '..', 'a'],
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join('')),
);

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (thrown) {
    return KvsError.from(thrown).code;
  }
}

describe('the topic of a key', () => {
  it.each([
    ['casa/sala/temperatura', 'casa/sala/temperatura'],
    ['a+b', 'a%2Bb'],
    ['#1', '%231'],
    ['50%', '50%25'],
    ['a\0b', 'a%00b'],
    ['linha\n', 'linha%0A'],
    ['\u0085', '%C2%85'],
    ['\uffff', '%EF%BF%BF'],
    ['\u{1ffff}', '%F0%9F%BF%BF'],
    ['água 💧', 'água 💧'],
    ['', ''],
    ['/a//b/', '/a//b/'],
    ['$SYS/x', '$SYS/x'],
  ])('%j is %j', (key, rest) => {
    expect(topicKey(key)).toBe(rest);
    expect(keyOfTopic(rest)).toBe(key);
    expect(topics.ofKey(PARTS.value, key)).toBe(`kvs/padrao/valor/${rest}`);
  });

  it('comes back as the same key, and no two keys have the same one', () => {
    fc.assert(
      fc.property(difficult, (key) => {
        const rest = topicKey(key);
        if (rest === undefined) return;
        expect(keyOfTopic(rest)).toBe(key);
        // What no topic carries, or a broker cuts connections for.
        expect(rest).not.toMatch(/[+#\p{Cc}\p{Noncharacter_Code_Point}]/u);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is the only one that is read as that key', () => {
    fc.assert(
      fc.property(difficult, (rest) => {
        let key: string;
        try {
          key = keyOfTopic(rest);
        } catch (thrown) {
          expect(KvsError.from(thrown).code).toBe('CHAVE_INVALIDA');
          return;
        }
        expect(topicKey(key)).toBe(rest);
      }),
      { numRuns: 2_000 },
    );
  });

  it('begins as the key does, so that brokers can compare beginnings', () => {
    fc.assert(
      fc.property(difficult, (rest) => {
        if (codeOf(() => keyOfTopic(`loja/${rest}`)) === undefined)
          expect(keyOfTopic(`loja/${rest}`).startsWith('loja/')).toBe(true);
      }),
    );
  });

  it.each(['%', '%2', '%zz', '%2b', '%41', '%2F', '%24kvs/x', '%ff', '%C3', '%C3%A7', '%EF%BF%BE%'])(
    '%j is no way to write a key',
    (rest) => {
      expect(codeOf(() => keyOfTopic(rest))).toBe('CHAVE_INVALIDA');
    },
  );

  it('has a greatest number of levels', () => {
    const levels = (count: number): string => Array.from({ length: count }, () => 'a').join('/');
    const most = levels(mqttDoorLimits.keyLevels);
    expect(keyOfTopic(most)).toBe(most);
    expect(topicKey(most)).toBe(most);
    const more = levels(mqttDoorLimits.keyLevels + 1);
    expect(codeOf(() => keyOfTopic(more))).toBe('CHAVE_INVALIDA');
    expect(topicKey(more)).toBeUndefined();
  });

  it('is at most as long as every broker bears', () => {
    const prefix = 'kvs/padrao/valor/'.length;
    expect(topics.ofKey(PARTS.value, 'a'.repeat(65_000 - prefix))).toHaveLength(65_000);
    expect(topics.ofKey(PARTS.value, 'a'.repeat(65_001 - prefix))).toBeUndefined();
    expect(topics.ofKey(PARTS.value, 'ç'.repeat(40_000))).toBeUndefined();
    expect(topics.withRest(PARTS.refusal, 'a'.repeat(65_535))).toBeUndefined();
  });

  it('is that of its fleet alone', () => {
    expect(topics.rest(PARTS.write, 'kvs/padrao/grava/a')).toBe('a');
    expect(topics.rest(PARTS.write, 'kvs/padrao/grava/')).toBe('');
    expect(topics.rest(PARTS.write, 'kvs/padrao/grava')).toBeUndefined();
    expect(topics.rest(PARTS.write, 'kvs/padrao2/grava/a')).toBeUndefined();
    expect(topics.below(PARTS.remove)).toBe('kvs/padrao/remove/#');
  });
});
