setInterval(async () => {
  try {
    const answer = await fetch(location.pathname, { cache: 'no-store' });
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    document.querySelector('main').replaceWith(document.adoptNode(page.querySelector('main')));
    document.title = page.title;
    document.body.classList.remove('lost');
  } catch {
    document.body.classList.add('lost');
  }
}, 10000);
