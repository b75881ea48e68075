/* The theme's own behaviour: the price follows the chosen option, and the consent banner asks once. */
(() => {
  'use strict';
  const select = document.getElementById('variant');
  const price = document.querySelector('[data-price]');
  if (select && price) {
    select.addEventListener('change', () => {
      price.textContent = select.selectedOptions[0].dataset.price;
      const url = new URL(location.href);
      url.searchParams.set('variant', select.value);
      history.replaceState({}, '', url);
    });
  }

  const banner = document.getElementById('consent');
  const choose = (yes) => {
    Shopify.customerPrivacy.setTrackingConsent(
      { analytics: yes, preferences: yes, marketing: yes, sale_of_data: false },
      () => { banner.hidden = true; },
    );
  };
  Shopify.loadFeatures([{ name: 'consent-tracking-api', version: '0.1' }], (error) => {
    if (error) return;
    banner.hidden = !Shopify.customerPrivacy.shouldShowBanner();
    banner.addEventListener('click', (event) => {
      const choice = event.target.closest('[data-consent]');
      if (choice) choose(choice.dataset.consent === 'accept');
    });
    document.querySelectorAll('[data-consent-open]').forEach((button) => {
      button.addEventListener('click', () => { banner.hidden = false; banner.querySelector('button').focus(); });
    });
  });
})();
