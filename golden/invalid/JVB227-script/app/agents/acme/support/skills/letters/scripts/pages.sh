#!/bin/sh
# soffice is not wanted here
pdftoppm -png letter.pdf page && ls page*
