/* The theme's own behaviour: the price follows the chosen option, selects send their form, the banner asks once. */
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

  /* Without this script the forms have a button. */
  document.querySelectorAll('form[data-submit-on-change]').forEach((form) => {
    form.addEventListener('change', () => form.requestSubmit());
    form.querySelector('[type=submit]').hidden = true;
  });

  const banner = document.getElementById('consent');
  const purposes = banner.querySelector('[data-consent-purposes]');
  const boxes = [...purposes.querySelectorAll('input[type=checkbox]')];
  const privacy = () => Shopify.customerPrivacy;

  const choose = (choice) => privacy().setTrackingConsent({ sale_of_data: false, ...choice }, () => { banner.hidden = true; });
  const all = (yes) => ({ analytics: yes, preferences: yes, marketing: yes });

  const showPurposes = () => {
    const consent = privacy().currentVisitorConsent();
    boxes.forEach((box) => { box.checked = consent[box.name] === 'yes'; });
    purposes.hidden = false;
    banner.querySelector('[data-consent=choose]').hidden = true;
    banner.querySelector('[data-consent=save]').hidden = false;
    boxes[0].focus();
  };

  const CHOICES = {
    accept: () => choose(all(true)),
    decline: () => choose(all(false)),
    choose: showPurposes,
    save: () => choose(Object.fromEntries(boxes.map((box) => [box.name, box.checked]))),
  };

  Shopify.loadFeatures([{ name: 'consent-tracking-api', version: '0.1' }], (error) => {
    if (error) return;
    banner.hidden = !privacy().shouldShowBanner();
    banner.addEventListener('click', (event) => {
      const button = event.target.closest('[data-consent]');
      if (button) CHOICES[button.dataset.consent]();
    });
    document.querySelectorAll('[data-consent-open]').forEach((button) => {
      button.addEventListener('click', () => { banner.hidden = false; showPurposes(); });
    });
  });
})();
