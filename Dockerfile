# The program with its locked dependencies, as a user of its own. Build: docker build -t loyalty-ladder .
# For a release pin the base image by its digest.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m pip install --no-cache-dir uv==0.13.9
COPY requirements.txt pyproject.toml README.md LICENSE ladder.py ./
COPY features features
COPY training training
COPY serving serving
COPY commands commands
RUN python -m venv --without-pip /opt/ladder \
 && uv pip install --python /opt/ladder/bin/python --no-cache --require-hashes --compile-bytecode -r requirements.txt \
 && uv build --wheel --out-dir /tmp/wheels \
 && uv pip install --python /opt/ladder/bin/python --no-cache --no-deps /tmp/wheels/*.whl

FROM python:3.11-slim-bookworm
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libgomp1 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home --home-dir /work ladder
COPY --from=build /opt/ladder /opt/ladder
ENV PATH=/opt/ladder/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
WORKDIR /work
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:3000/healthz', timeout=4)"]
ENTRYPOINT ["ladder"]
CMD ["serve", "--host", "0.0.0.0"]
