import { describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import { limits } from '../../../src/core/limits.js';
import { mqttDoorLimits } from '../../../src/doors/mqtt/limits.js';
import { askedTopic } from '../../../src/doors/mqtt/question-topics.js';
import { FleetTopics } from '../../../src/doors/mqtt/topic-names.js';
import { readWrite } from '../../../src/doors/mqtt/writes.js';
import type { IncomingMessage } from '../../../src/ports/topics.js';

const topics = new FleetTopics('padrao');

function message(topic: string, payload: string | Buffer, more: object = {}): IncomingMessage {
  return { topic, payload: Buffer.from(payload), retained: false, ...more };
}

/** The write of a message, or the code of its refusal. */
function written(topic: string, payload: string | Buffer, more: object = {}): unknown {
  const write = readWrite(topics, message(`kvs/padrao/${topic}`, payload, more))?.write;
  return write instanceof KvsError ? write.code : write;
}

describe('messages on grava/', () => {
  it('are inserts of a value as it is, with the life that the message has left', () => {
    expect(written('grava/casa/10%25', ' ON ')).toEqual({ kind: 'insert', key: 'casa/10%', value: ' ON ' });
    expect(written('grava/a', '*', { expirySeconds: 7 })).toMatchObject({ value: '*', ttlSeconds: 7 });
  });

  it('are refused where no value or no key is one', () => {
    expect(written('grava/a', '')).toBe('VALOR_CURTO');
    expect(written('grava/a', Buffer.from([0xff]))).toBe('VALOR_INVALIDO');
    expect(written('grava/a', 'x'.repeat(limits.valueBytes + 1))).toBe('VALOR_LONGO');
    expect(written('grava/a', 'x'.repeat(limits.valueBytes))).toMatchObject({ kind: 'insert' });
    expect(written('grava/a%2Fb', 'v')).toBe('CHAVE_INVALIDA');
    const { keyLevels } = mqttDoorLimits;
    expect(written(`grava/${'/'.repeat(keyLevels)}`, 'v')).toBe('CHAVE_INVALIDA');
    expect(written(`grava/${'/'.repeat(keyLevels - 1)}`, 'v')).toMatchObject({ kind: 'insert' });
  });
});

describe('messages on remove/', () => {
  it('remove all versions, one, or nothing', () => {
    expect(written('remove/a/b', '*')).toEqual({ kind: 'remove', key: 'a/b' });
    expect(written('remove/a', '3')).toEqual({ kind: 'remove', key: 'a', version: 3 });
    expect(written('remove/a', '3\n')).toMatchObject({ version: 3 });
    expect(readWrite(topics, message('kvs/padrao/remove/a', ''))).toMatchObject({
      ...{ part: 'remove', rest: 'a', write: undefined },
    });
  });

  it('are refused where they say neither', () => {
    for (const text of ['tudo', '0', '-1', '1.0', '01', '**', String(limits.version + 1), '1'.repeat(99)]) {
      expect(written('remove/a', text), text).toBe('PEDIDO_INVALIDO');
    }
  });
});

it('messages of other topics are no writes', () => {
  for (const topic of ['kvs/padrao/valor/a', 'kvs/outra/grava/a', 'kvs/padrao/grava', 'kvs/padrao/pede']) {
    expect(readWrite(topics, message(topic, 'v')), topic).toBeUndefined();
  }
});

describe('where answers go', () => {
  const answerTo = (responseTopic: string | undefined): unknown => {
    const to = askedTopic(topics, message('kvs/padrao/pede', '{}', { responseTopic }))?.answerTo;
    return to instanceof KvsError ? to.code : to;
  };

  it('is the response topic, never one of servers', () => {
    for (const free of ['casa/r', 'kvsx/r', 'kvs/padrao/resposta/ana/1']) expect(answerTo(free)).toBe(free);
    const reserved = ['kvs', 'kvs/padrao/valor/a', 'kvs/padrao/resposta', 'kvs/outra/resposta/a/1', 'portal'];
    for (const bad of [...reserved, 'portal/admin', '$SYS/a', '$share/g/a', 'a/+', 'a/#', '', undefined]) {
      expect(answerTo(bad), bad).toBe('PEDIDO_INVALIDO');
    }
  });

  it('is resposta/ of the same client and request, whatever response topic is named', () => {
    const more = { responseTopic: 'casa/r' };
    expect(askedTopic(topics, message('kvs/padrao/pede/ana/1', '{}', more))).toEqual({
      ...{ answerTo: 'kvs/padrao/resposta/ana/1', client: 'ana' },
    });
    for (const bad of ['pede/', 'pede/ana', 'pede/ana/', 'pede//1', 'pede/ana/1/2']) {
      expect(askedTopic(topics, message(`kvs/padrao/${bad}`, '{}', more))?.answerTo, bad).toBeInstanceOf(
        KvsError,
      );
    }
  });
});
