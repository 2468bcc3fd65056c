package uk.ac.manchester.tornado.runtime.common;

import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** A device as the providers of libraries see it. */
public interface TornadoXPUDevice extends TornadoDevice {}
