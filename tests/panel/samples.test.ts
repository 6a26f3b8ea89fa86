import { afterEach, expect, it } from 'vitest';
import { samples } from '../../panel/src/feed/samples.js';
import type { PanelPictureJson } from '../../src/doors/http/panel-json.js';

const at = (ms: number): PanelPictureJson => ({ agora_ms: ms, periodo_ms: 1000 }) as PanelPictureJson;

function times(): (number | null)[] {
  return samples.columns([() => 1])[0]!;
}

afterEach(() => samples.clear());

it('the axis of time goes forward though the clock of the server was set back', () => {
  for (const ms of [10_000, 11_000, 12_000, 11_500, 12_500]) samples.add(at(ms));
  expect(times()).toEqual([10, 11, 11.5, 12.5]);
});

it('what another credential has seen is forgotten', () => {
  samples.add(at(10_000));
  samples.clear();
  expect(times()).toEqual([]);
});
