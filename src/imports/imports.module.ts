import { Module } from '@nestjs/common';
import { ImportRows } from './import-rows.js';
import { ImportsController } from './imports.controller.js';
import { ImportsService } from './imports.service.js';
import { WorkbookParser } from './workbook-parser.js';

@Module({
  controllers: [ImportsController],
  providers: [ImportsService, ImportRows, WorkbookParser],
})
export class ImportsModule {}
