import { describe, expect, it } from 'vitest';
import { shownPicture, shownServer } from '../fake-panel.js';
import type { PanelStand } from '../stand.js';

const KEYS = 10_000;
/** Longest time between two frames of a list that is scrolled: a busy machine misses some. */
const FRAME_MS_MAX = 250;
const SERVERS = 20;

/** The times between frames, in words. */
function report(what: string, frames: readonly number[]): void {
  const at = (share: number): number => Math.round(frames[Math.floor(frames.length * share)] ?? 0);
  process.stderr.write(
    `${what}: ${frames.length} frames, median ${at(0.5)} ms, p95 ${at(0.05)} ms, longest ${at(0)} ms\n`,
  );
}

export function manySection(open: () => PanelStand): void {
  describe('many keys and servers', () => {
    it(`${KEYS} keys are scrolled smoothly, and few rows are drawn`, async () => {
      const stand = open();
      const [north] = stand.fleet;
      const lines = Array.from({ length: KEYS }, (_, at) =>
        JSON.stringify({ chave: `muitas/${String(at).padStart(5, '0')}`, valor: `valor ${at}` }),
      );
      const batch = await fetch(`http://127.0.0.1:${north.port}/v1/lote`, {
        method: 'POST',
        body: lines.join('\n'),
      });
      // Whoever does not read the answers stops the batch.
      expect((await batch.text()).trim().split('\n')).toHaveLength(KEYS);
      const panel = await stand.page(north);
      await panel.live();
      await panel.view('chaves');
      await panel.page.fill('input[type=search]', 'muitas/');
      await panel.says('.list-foot', '1.000 chaves lidas');
      // Reads page after page until all are there.
      await panel.page.focus('#keys');
      await panel.shows(
        `(document.querySelector('#keys').scrollTop = 1e9, document.querySelector('.list-foot').innerText.startsWith('10.000 chaves ·'))`,
      );
      const frames = await panel.frames(
        "const box = document.querySelector('#keys'); for (let at = 0; at < 60; at++) { box.scrollTop = at * 7000; await frame(); }",
      );
      report(`a list of ${KEYS} keys`, frames);
      expect(frames[Math.floor(frames.length / 2)]).toBeLessThan(FRAME_MS_MAX);
      expect(await panel.page.locator('.window-row').count()).toBeLessThan(60);
      await panel.page.focus('#keys');
      await panel.page.keyboard.press('End');
      await panel.page.keyboard.press('Enter');
      await panel.says('#key-title', 'muitas/09999');
      await panel.close();
    });

    it(`${SERVERS} servers are drawn within the window at any width, and change smoothly`, async () => {
      const stand = open();
      const { doors, panel: painted } = stand.painted;
      const all = Array.from({ length: SERVERS }, (_, at) => at + 1);
      const picture = shownPicture(SERVERS);
      painted.show(picture);
      const panel = await stand.page(doors);
      await panel.live();
      expect(await panel.page.locator('.card').count()).toBe(SERVERS);
      // Half of them stop hearing the other half, one is left behind.
      const halves = all.map((number) =>
        shownServer(
          number,
          all.filter((other) => other <= 10 === number <= 10),
          number === 20 ? { lag: 1234, storeHash: 'ffff', vectorDigest: 'w', state: 'entrando' } : {},
        ),
      );
      const drawn = panel.frames(
        "for (let at = 0; at < 400 && !document.querySelector('.card.joining'); at++) await frame();",
      );
      for (let round = 1; round <= 10; round++) {
        painted.show(shownPicture(SERVERS, { keys: round }));
        await panel.says('.facts dd', new RegExp(`^${round}$`));
      }
      painted.show(
        shownPicture(SERVERS, { servers: halves, agrees: false, warnings: ['dez servidores não se ouvem'] }),
      );
      report(`${SERVERS} servers`, await drawn);
      await panel.says('.card.joining', /sala 20.*faltam 1\.234.*≠ ffff/s);
      await panel.says('tbody tr:nth-child(1)', /sala 1.*todos menos sala 11, sala 12/s);
      await panel.says('.warnings', 'dez servidores não se ouvem');
      // More pairs than can be drawn: those of one server are.
      expect(await panel.page.locator('.arc').count()).toBe(0);
      await panel.press(/^sala 1\b/);
      expect(await panel.page.locator('.arc.deaf').count()).toBe(10);
      expect(await panel.page.locator('.arc.heard').count()).toBe(9);
      for (const width of [360, 768, 1280]) {
        await panel.page.setViewportSize({ width, height: 800 });
        await panel.assertFits();
      }
      expect(await panel.axe()).toEqual([]);
      await panel.close();
    });

    it('a server that goes is said to be gone, what it said stays, and the page comes back by itself', async () => {
      const stand = open();
      const { doors, panel: painted } = stand.painted;
      painted.show(shownPicture(3));
      const panel = await stand.page(doors);
      await panel.live();
      await panel.page.route('**/v1/painel', (route) => route.abort());
      painted.end();
      await panel.says('.note', /O servidor não responde.*O que se vê é o que se sabia antes/s);
      await panel.says('.pill', 'sem contato');
      expect(await panel.page.locator('.card').count()).toBe(3);
      expect(await panel.axe()).toEqual([]);
      await panel.page.unroute('**/v1/painel');
      await panel.press('Tentar agora');
      await panel.says('.pill', 'ao vivo');
      painted.end();
      await panel.page.waitForSelector('.pill.waiting');
      await panel.says('.pill', 'ao vivo');
      // Divergence is said loudly.
      painted.show(shownPicture(3, { hasDiverged: true, agrees: false }));
      await panel.says('.verdict.bad', 'mesmas mutações têm conteúdo diferente');
      await panel.close();
    });

    it('a page that nobody sees asks for nothing, until somebody looks again', async () => {
      const stand = open();
      const { doors, panel: painted } = stand.painted;
      painted.show(shownPicture(3));
      const panel = await stand.page(doors);
      await panel.live();
      await panel.page.clock.install();
      const setHidden = (hidden: boolean): Promise<unknown> =>
        panel.page.evaluate(
          `Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
           document.dispatchEvent(new Event('visibilitychange'))`,
        );
      await setHidden(true);
      await panel.page.clock.fastForward(10_000);
      await panel.says('.pill', 'em pausa');
      await setHidden(false);
      await panel.says('.pill', 'ao vivo');
      await panel.close();
    });
  });
}
