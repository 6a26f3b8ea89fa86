import { describe, expect, it } from 'vitest';
import { brokerLimits } from '../../src/mqtt/limits.js';
import { RetainedShelf } from '../../src/mqtt/retained-shelf.js';

const found = (shelf: RetainedShelf, filter: string): string[] =>
  [...shelf.matching(filter)].flatMap((message) =>
    message ? [`${message.topic}=${message.payload.toString()}`] : [],
  );

describe('the shelf of retained messages', () => {
  it('finds what matches a filter', () => {
    const shelf = new RetainedShelf();
    for (const topic of ['kvs/f/valor', 'kvs/f/valor/a', 'kvs/f/valor/a/b', 'kvs/g/valor/a'])
      shelf.put(topic, 'v');
    expect(found(shelf, 'kvs/f/valor/#')).toEqual(['kvs/f/valor=v', 'kvs/f/valor/a=v', 'kvs/f/valor/a/b=v']);
    expect(found(shelf, 'kvs/+/valor/a')).toEqual(['kvs/f/valor/a=v', 'kvs/g/valor/a=v']);
    expect(found(shelf, 'kvs/f/valor/a')).toEqual(['kvs/f/valor/a=v']);
    expect(found(shelf, 'kvs/f/valor/c')).toEqual([]);
  });

  it('shows what is there at the moment when a message is sent', () => {
    const shelf = new RetainedShelf();
    shelf.put('kvs/f/valor/a', 'old');
    const [message] = [...shelf.matching('kvs/f/valor/#')];
    shelf.put('kvs/f/valor/a', 'new');
    expect(message?.payload.toString()).toBe('new');
    shelf.put('kvs/f/valor/a', '');
    expect(message?.payload.length).toBe(0);
  });

  it('takes as many bytes as it may, and what does not fit leaves nothing older behind', () => {
    const shelf = new RetainedShelf();
    const large = Buffer.alloc(1024 * 1024, 'x');
    const most = Math.floor(brokerLimits.retainedBytes / (large.length + 600));
    for (let i = 0; i < most; i++) expect(shelf.put(`kvs/f/valor/${i}`, large)).toBe(true);
    shelf.put('kvs/f/valor/small', 'old');
    expect(shelf.put('kvs/f/valor/small', large)).toBe(false);
    expect(found(shelf, 'kvs/f/valor/small')).toEqual([]);
    expect(shelf).toMatchObject({ size: most, refused: 1 });
    expect(shelf.bytes).toBeLessThanOrEqual(brokerLimits.retainedBytes);
    for (let i = 0; i < most; i++) shelf.put(`kvs/f/valor/${i}`, '');
    expect(shelf).toMatchObject({ size: 0, bytes: 0 });
  });

  it('takes as many topics as it may', () => {
    const shelf = new RetainedShelf();
    for (let i = 0; i < brokerLimits.retainedTopics; i++) shelf.put(`kvs/f/valor/${i}`, 'v');
    expect(shelf.put('kvs/f/valor/more', 'v')).toBe(false);
    expect(shelf.put('kvs/f/valor/7', 'w')).toBe(true);
    expect(shelf.size).toBe(brokerLimits.retainedTopics);
  });
});
