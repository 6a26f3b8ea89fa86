import { describe, expect, it } from 'vitest';
import type { PanelStand } from '../stand.js';

const put = (port: number, key: string, value: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}/v1/chave?chave=${encodeURIComponent(key)}`, { method: 'PUT', body: value });

export function keysSection(open: () => PanelStand): void {
  describe('keys', () => {
    it('are listed by prefix, and follow what any server writes and removes', async () => {
      const stand = open();
      const [north, south] = stand.fleet;
      for (const key of ['lista/b', 'lista/d', 'outra']) await put(north.port, key, 'um valor');
      const panel = await stand.page(north);
      await panel.live();
      await panel.view('chaves');
      await panel.page.fill('input[type=search]', 'lista/');
      await panel.says('.list-foot', '2 chaves · mudanças ao vivo');
      await put(south.port, 'lista/c', 'de outro servidor');
      await panel.says('.list-foot', '3 chaves');
      // Whoever listens is told what was found, and not each change of it.
      expect((await panel.text('.keys-list [role=status]')).trim()).toBe('2 chaves');
      expect(await panel.page.locator('.window-row .key-name bdi').allInnerTexts()).toEqual([
        'lista/b',
        'lista/c',
        'lista/d',
      ]);
      await fetch(`http://127.0.0.1:${south.port}/v1/chaves/lista/b`, { method: 'DELETE' });
      await panel.says('.list-foot', '2 chaves');
      await panel.page.fill('input[type=search]', 'nada/');
      await panel.says('.empty', 'Nenhuma chave começa assim');
      await panel.close();
    });

    it('show their versions, the rule, and the difference of any two; by keyboard alone', async () => {
      const stand = open();
      const [north, south] = stand.fleet;
      const panel = await stand.page(north);
      await panel.live();
      await panel.view('chaves');
      await panel.openKey('casa/luz');
      await panel.says('.rule', 'Esta chave não tem versões');
      await panel.page.fill('.write textarea', 'ligada às sete');
      await panel.press('Gravar', '.write');
      await panel.says('.rule', 'Responde a versão 1. É a única que há.');
      await put(south.port, 'casa/luz', 'ligada às oito');
      await panel.says('.rule', /Responde a versão 2\..*única ponta/);
      await panel.says('.diff', 'ligada às seteoito');
      expect(await panel.text('.diff del')).toBe('sete');
      expect(await panel.text('.diff ins')).toBe('oito');
      expect(await panel.page.locator('.lanes li').allInnerTexts()).toEqual(['norte', 'sul']);
      await panel.page.focus('.timeline-box');
      await panel.page.keyboard.press('ArrowLeft');
      await panel.says('#version-title', /Versão 1.*superada/s);
      const active = await panel.page.getAttribute('.timeline-box', 'aria-activedescendant');
      expect(await panel.page.getAttribute(`#${active}`, 'aria-label')).toMatch(
        /^versão 1, por norte, .*superada$/,
      );
      // The list too: down to the next key, and in.
      await put(north.port, 'casa/porta', 'fechada');
      await panel.page.fill('input[type=search]', 'casa/');
      await panel.says('.list-foot', '2 chaves');
      await panel.page.focus('#keys');
      await panel.page.keyboard.press('End');
      await panel.page.keyboard.press('Enter');
      await panel.says('#key-title', 'casa/porta');
      expect(await panel.page.evaluate('location.hash')).toBe('#/chaves/casa%2Fporta');
      await panel.page.goBack();
      await panel.says('#key-title', 'casa/luz');
      await panel.close();
    });

    it('are written once, also where the answer is lost and the same is written again', async () => {
      const stand = open();
      const [north] = stand.fleet;
      const panel = await stand.page(north);
      await panel.live();
      await panel.view('chaves');
      await panel.openKey('uma-vez');
      await panel.page.fill('.write textarea', 'só uma');
      let isLost = false;
      await panel.page.route('**/v1/chave?*', async (route) => {
        if (isLost || route.request().method() !== 'PUT') return route.continue();
        isLost = true;
        await route.fetch();
        await route.abort();
      });
      await panel.press('Gravar', '.write');
      await panel.says('.write', 'Gravar de novo o mesmo valor grava uma vez só.');
      await panel.press('Gravar', '.write');
      await panel.says('.write .outcome', 'Gravada a versão 1.');
      // What was answered is over: the same value again is another write.
      await panel.press('Gravar', '.write');
      await panel.says('.write .outcome', 'Gravada a versão 2.');
      await panel.close();
    });

    it('are asked for as they were at a version or an instant', async () => {
      const stand = open();
      const [north] = stand.fleet;
      await put(north.port, 'consulta', 'um');
      const { ts } = (await (await put(north.port, 'consulta', 'dois')).json()) as { ts: number };
      await put(north.port, 'consulta', 'três');
      const panel = await stand.page(north);
      await panel.live();
      await panel.view('chaves');
      await panel.openKey('consulta');
      await panel.page.fill('.query input', '1');
      await panel.press('Consultar', '.query');
      await panel.says('.query .value', /^um$/);
      await panel.page.selectOption('.query select', 'instant');
      const local = await panel.page.evaluate<string>(
        `new Date(${ts} - new Date(${ts}).getTimezoneOffset() * 60000).toISOString().slice(0, 23)`,
      );
      await panel.page.fill('.query input', local);
      await panel.press('Consultar', '.query');
      await panel.says('.query .value', /^dois$/);
      await panel.page.selectOption('.query select', 'version');
      await panel.close();
    });

    it('lose one version at once, and several only after a second yes', async () => {
      const stand = open();
      const [north] = stand.fleet;
      for (const value of ['um', 'dois', 'três']) await put(north.port, 'remove', value);
      const panel = await stand.page(north);
      await panel.live();
      await panel.view('chaves');
      await panel.openKey('remove');
      await panel.press('Remover a versão 3');
      await panel.says('.rule', 'Responde a versão 2');
      await panel.press('Remover a chave (2 versões)');
      await panel.says(
        'dialog',
        /Todas as 2 versões desta chave serão removidas em todos os servidores:\s*remove/s,
      );
      expect(await panel.axe()).toEqual([]);
      await panel.press('Não', 'dialog');
      await panel.says('.rule', 'Responde a versão 2');
      await panel.press('Remover a chave (2 versões)');
      await panel.press('Remover', 'dialog');
      await panel.says('.rule', 'Esta chave não tem versões');
      await panel.page.fill('.write textarea', 'outra vez');
      await panel.page.fill('.write input[type=number]', '1');
      await panel.press('Gravar', '.write');
      // Numbers go on, and the value ends by itself.
      await panel.says('.outcome', 'Gravada a versão 4');
      await panel.says('.version-view', 'expira em');
      await panel.says('.rule', 'Esta chave não tem versões');
      await panel.close();
    });
  });
}
