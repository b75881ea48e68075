import { register } from "@shopify/web-pixels-extension";

register(({ analytics, browser, settings, init, customerPrivacy }) => {
  const send = (kind, body) =>
    fetch(settings.collect, { method: 'POST', keepalive: true, body: JSON.stringify({ kind, ...body }) });

  send('init', { init });
  analytics.subscribe('all_events', () => {
    throw new Error('a subscriber that throws');
  });
  analytics.subscribe('all_events', (event) => send('event', { event }));
  analytics.subscribe('tiny:ask', async ({ customData }) => {
    await browser.localStorage.setItem('tiny', customData.word);
    await browser.cookie.set('tiny', customData.word);
    const found = [await browser.localStorage.getItem('tiny'), await browser.cookie.get('tiny')];
    send('asked', { found, page: typeof document, client: await browser.cookie.get('_devstore_client_id') });
  });
  customerPrivacy.subscribe('visitorConsentCollected', (said) => send('privacy', said));
});
