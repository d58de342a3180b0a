// The API's page: Swagger UI on our own description, writing with the browser session's CSRF token.
addEventListener("DOMContentLoaded", () => {
  const { csrf, spec } = document.body.dataset;
  window.SwaggerUIBundle({
    url: spec,
    dom_id: "#docs",
    deepLinking: true,
    validatorUrl: null,
    requestInterceptor: (request) => {
      if (!["GET", "HEAD"].includes(request.method)) request.headers["X-CSRFToken"] = csrf;
      return request;
    },
  });
});
