/* ID tokens: put on the app's own requests, and on a document that was loaded without one.

   A document without a token is answered by the app with a redirect to a page that only loads this script and names
   the real one in `shopify-reload`; the token is added and the real one loaded. */
const idToken = () => call('idToken');

const reload = query.get('shopify-reload');
if (reload) {
  const target = new URL(reload, location.origin);
  if (target.origin === location.origin) {
    idToken().then((token) => {
      const own = { embedded: '1', shop: config.shop, host: config.host, locale: config.locale, id_token: token };
      for (const [name, value] of Object.entries(own)) {
        if (value && (name === 'id_token' || !target.searchParams.has(name))) target.searchParams.set(name, value);
      }
      location.replace(target);
    });
  }
}

const RETRY = 'X-Shopify-Retry-Invalid-Session-Request';
const plainFetch = window.fetch.bind(window);

const withToken = async (request) => {
  const headers = new Headers(request.headers);
  headers.set('Authorization', `Bearer ${await idToken()}`);
  headers.set('X-Requested-With', 'XMLHttpRequest');
  headers.set('Accept-Language', config.locale);
  return plainFetch(new Request(request, { headers }));
};

window.fetch = async (input, init) => {
  const request = new Request(input, init);
  if (new URL(request.url).origin !== location.origin || request.headers.has('Authorization')) return plainFetch(request);
  const again = request.clone();
  const answer = await withToken(request);
  return answer.status === 401 && answer.headers.has(RETRY) ? withToken(again) : answer;
};
