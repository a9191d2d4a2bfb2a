# The image of a Bento: `make image` has BentoML build it, in the Bento's own folder.
# Not BentoML's own recipe, which brings compilers and an installer along and lets one user read.
FROM python:3.11-slim AS parts
# When everything is said to have been changed: two images of the same sources hold the same.
ARG SOURCE_DATE_EPOCH=0
# pip would compile code that tells when its source was written, which is now. Sets are ordered by chance without a
# seed; some packages bring templates that are no Python, of which the compiler complains.
ENV PYTHONHASHSEED=0
COPY src/requirements.txt ./
RUN python3 -m venv --without-pip /opt/valuebox \
    && python3 -m pip --python /opt/valuebox/bin/python install --no-cache-dir --no-compile --no-deps --require-hashes \
        --only-binary :all: --requirement requirements.txt \
    && find /opt/valuebox -type d -name tests -prune -exec rm -r {} + \
    && { /opt/valuebox/bin/python3 -m compileall -qq --invalidation-mode unchecked-hash /opt/valuebox/lib || true; }
COPY . /bento
# Python runs this line at its start, before BentoML writes anything that is no JSON.
RUN printf '/bento/src\nimport valuebox.worker.streams; valuebox.worker.streams.install()\n' \
        > "$(/opt/valuebox/bin/python3 -c 'import site; print(site.getsitepackages()[0])')/valuebox.pth"
# The model store keeps its folders to their owner, and the image may run as anybody.
# Who runs it may not write there, and would compile our modules at every start. -B: what Python imports at its own
# start is compiled as all else is.
RUN rm -r /bento/env \
    && /opt/valuebox/bin/python3 -B -m compileall -q --invalidation-mode unchecked-hash /bento/src \
    && chmod -R a+rX,go-w /bento \
    && find /opt/valuebox /bento -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

FROM python:3.11-slim
COPY --from=parts /opt/valuebox /opt/valuebox
COPY --from=parts /bento /bento
# Where an SQLite file goes that DATABASE_URL gives no folder for: mount a volume there.
RUN mkdir -m 1777 /data
ENV PATH=/opt/valuebox/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    BENTOML_HOME=/tmp/bentoml \
    BENTOML_HOST=0.0.0.0 \
    BENTOML_PORT=3000 \
    BENTOML_DO_NOT_TRACK=True
WORKDIR /data
USER 10001:10001
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 CMD ["python3", "-IS", "-c", \
    "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['BENTOML_PORT']), timeout=4); c.request('GET', '/readyz'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["bentoml", "serve"]
CMD ["/bento"]
