import { describe, expect, it } from 'vitest';
import { tabTo, toTop, walkByTab } from '../../support/tab-walk.js';
import type { PanelStand } from '../stand.js';

export function keyboardSection(open: () => PanelStand): void {
  describe('by keyboard', () => {
    it('Tab goes through every view in its order, seen and named, and out again', async () => {
      const stand = open();
      const login = await stand.page(stand.guarded.doors);
      await login.says('#login-title', 'credencial');
      expect((await walkByTab(login.page)).faults).toEqual([]);
      await login.close();
      const panel = await stand.page(stand.fleet[0]);
      await panel.live();
      const seen: string[] = [];
      for (const view of ['agora', 'chaves', 'numeros', 'eventos'] as const) {
        await panel.view(view);
        if (view === 'chaves') {
          await panel.openKey('disputa');
          await panel.page.waitForSelector('.version.answer');
        }
        const { stops, faults } = await walkByTab(panel.page);
        expect(faults, view).toEqual([]);
        seen.push(...stops.map(({ role, name }) => `${role} ${name}`));
      }
      expect(seen).toEqual(
        expect.arrayContaining([
          ...['link Ir ao conteúdo', 'combobox Tema', 'link Chaves', 'textbox Valor novo', 'button Gravar'],
          ...['button Remover a chave (2 versões)', 'combobox Operação', 'link /pronto'],
        ]),
      );
      await panel.close();
    });

    it('a key is written', async () => {
      const stand = open();
      const panel = await stand.page(stand.fleet[0]);
      await panel.live();
      const { page } = panel;
      const { keyboard } = page;
      await toTop(page);
      await tabTo(page, 'link', /^Chaves$/);
      await keyboard.press('Enter');
      await tabTo(page, 'textbox', /^Abrir ou criar uma chave$/);
      await keyboard.type('teclado/1');
      await keyboard.press('Enter');
      await panel.says('.rule', 'Esta chave não tem versões');
      await tabTo(page, 'textbox', /^Valor novo$/);
      await keyboard.type('sem mouse');
      await tabTo(page, 'button', /^Gravar$/);
      await keyboard.press('Space');
      await panel.says('.outcome', 'Gravada a versão 1');
      await panel.says('.value', 'sem mouse');
      await panel.close();
    });
  });
}
