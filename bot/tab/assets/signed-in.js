// The end of signing in, in the window that Teams opened for it: Teams is told how it went, and closes the window.
// The code that Entra sends along is not needed, and never reaches the server: it stands behind the #.
"use strict";

const said = new URLSearchParams(location.hash.slice(1));
history.replaceState(null, "", location.pathname);

async function tell() {
  await new Promise((loaded, failed) => {
    const script = document.createElement("script");
    script.src = "/tab/teams.js";
    script.onload = loaded;
    script.onerror = failed;
    document.head.append(script);
  });
  const { app, authentication } = window.microsoftTeams;
  await app.initialize();
  if (said.get("state") && !said.get("error")) authentication.notifySuccess(said.get("state"));
  else authentication.notifyFailure(said.get("error") || "cancelled");
}

tell().catch(() => {
  const main = document.querySelector("main");
  main.textContent = main.dataset.failed;
});
